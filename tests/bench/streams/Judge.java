import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * What validate is compared with: its rules divergent and jump as a Kafka Streams application, exactly once.
 *
 *     java Judge BROKERS RAW_TOPIC CLEAN_TOPIC STATE_DIR QUOTES
 *
 * It is meant to be quick for what it is: a codec written by hand that touches what is needed, a store in memory behind a cache, so
 * that the changelog gets each asset once per commit, and no anomalies or consensus prices. Reads QUOTES quotes and prints one JSON
 * object: time and processor time from the first to the last one.
 */
public final class Judge {
    private static final int RETURNS = 20;
    private static final int RETURNS_MIN = 5;
    private static final double DIVERGENCE_FLOOR_BPS = 100;
    private static final double DIVERGENCE_K = 6;
    private static final double JUMP_FLOOR_BPS = 500;
    private static final double JUMP_Z = 12;
    private static final double MAD_TO_SIGMA = 1.4826;
    private static final long FRESH_US = 1_800_000_000L;
    private static final long US_PER_MINUTE = 60_000_000L;
    private static final int HEADER_BYTES = 5;

    /** What is remembered of one source of an asset. */
    private static final class Source {
        double price;
        long observedAt;
        long fetchedAt;
        boolean passed;
        double accepted;
        long acceptedAt;
        int count;
        final double[] returns = new double[RETURNS];
    }

    /** What is remembered of an asset. */
    private static final class Asset {
        final Map<String, Source> sources = new TreeMap<>();
    }

    /** The fields of a quote that the rules look at; the rest is copied as bytes. */
    private static final class Quote {
        String source;
        double price;
        long observedAt;
        long fetchedAt;
    }

    // ---- Avro

    private static long readLong(ByteBuffer in) {
        long value = 0;
        int shift = 0;
        int b;
        do {
            b = in.get();
            value |= (long) (b & 0x7f) << shift;
            shift += 7;
        } while ((b & 0x80) != 0);
        return (value >>> 1) ^ -(value & 1);
    }

    private static void writeLong(ByteBuffer out, long value) {
        long zigzag = (value << 1) ^ (value >> 63);
        while ((zigzag & ~0x7fL) != 0) {
            out.put((byte) (zigzag & 0x7f | 0x80));
            zigzag >>>= 7;
        }
        out.put((byte) zigzag);
    }

    private static String readString(ByteBuffer in) {
        byte[] bytes = new byte[(int) readLong(in)];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void writeString(ByteBuffer out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        writeLong(out, bytes.length);
        out.put(bytes);
    }

    private static void skipString(ByteBuffer in) {
        int length = (int) readLong(in);
        in.position(in.position() + length);
    }

    /** Skips optional doubles. */
    private static void skipFigures(ByteBuffer in, int count) {
        for (int i = 0; i < count; i++) {
            if (readLong(in) != 0) {
                in.position(in.position() + 8);
            }
        }
    }

    private static Quote readQuote(byte[] value) {
        ByteBuffer in = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).position(HEADER_BYTES);
        Quote quote = new Quote();
        skipString(in);
        quote.source = readString(in);
        skipString(in);
        skipString(in);
        quote.price = in.getDouble();
        skipFigures(in, 8);
        quote.observedAt = readLong(in);
        readLong(in);
        quote.fetchedAt = readLong(in);
        return quote;
    }

    /** The store's values. */
    private static Serde<Asset> assetSerde() {
        return Serdes.serdeFrom((topic, asset) -> writeAsset(asset), (topic, bytes) -> readAsset(bytes));
    }

    private static byte[] writeAsset(Asset asset) {
        ByteBuffer out = ByteBuffer.allocate(asset.sources.size() * (128 + RETURNS * 8) + 16).order(ByteOrder.LITTLE_ENDIAN);
        writeLong(out, asset.sources.size());
        for (Map.Entry<String, Source> entry : asset.sources.entrySet()) {
            Source source = entry.getValue();
            writeString(out, entry.getKey());
            out.putDouble(source.price);
            writeLong(out, source.observedAt);
            writeLong(out, source.fetchedAt);
            out.put((byte) (source.passed ? 1 : 0));
            out.putDouble(source.accepted);
            writeLong(out, source.acceptedAt);
            writeLong(out, source.count);
            for (int i = 0; i < source.count; i++) {
                out.putDouble(source.returns[i]);
            }
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    private static Asset readAsset(byte[] bytes) {
        if (bytes == null) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        Asset asset = new Asset();
        for (long left = readLong(in); left > 0; left--) {
            String name = readString(in);
            Source source = new Source();
            source.price = in.getDouble();
            source.observedAt = readLong(in);
            source.fetchedAt = readLong(in);
            source.passed = in.get() == 1;
            source.accepted = in.getDouble();
            source.acceptedAt = readLong(in);
            source.count = (int) readLong(in);
            for (int i = 0; i < source.count; i++) {
                source.returns[i] = in.getDouble();
            }
            asset.sources.put(name, source);
        }
        return asset;
    }

    // ---- rules

    private static double median(double[] values, int count) {
        Arrays.sort(values, 0, count);
        return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
    }

    private static double sigma(double[] values, int count, double center) {
        double[] distances = new double[count];
        for (int i = 0; i < count; i++) {
            distances[i] = Math.abs(values[i] - center);
        }
        return MAD_TO_SIGMA * median(distances, count);
    }

    /** The other fresh sources' prices; returns how many. */
    private static int peers(Asset asset, Quote quote, double[] prices) {
        int count = 0;
        for (Map.Entry<String, Source> entry : asset.sources.entrySet()) {
            Source other = entry.getValue();
            if (!entry.getKey().equals(quote.source) && other.passed && Math.abs(quote.fetchedAt - other.fetchedAt) <= FRESH_US
                    && Math.abs(quote.observedAt - other.observedAt) <= FRESH_US) {
                prices[count++] = other.price;
            }
        }
        return count;
    }

    private static boolean isJump(Source source, Quote quote) {
        if (source == null || source.accepted == 0) {
            return false;
        }
        double minutes = Math.max(1, (double) Math.abs(quote.observedAt - source.acceptedAt) / US_PER_MINUTE);
        double move = Math.abs(Math.log(quote.price / source.accepted));
        double limit = JUMP_FLOOR_BPS / 1e4;
        if (source.count >= RETURNS_MIN) {
            double[] returns = Arrays.copyOf(source.returns, source.count);
            limit = Math.max(limit, JUMP_Z * sigma(returns, source.count, median(returns, source.count)));
        }
        return move > limit * Math.sqrt(minutes);
    }

    private static void remember(Asset asset, Quote quote, boolean passed) {
        Source source = asset.sources.computeIfAbsent(quote.source, name -> new Source());
        if (passed && source.accepted > 0 && quote.observedAt > source.acceptedAt) {
            double minutes = Math.max(1 / 60.0, (double) (quote.observedAt - source.acceptedAt) / US_PER_MINUTE);
            if (source.count == RETURNS) {
                System.arraycopy(source.returns, 1, source.returns, 0, --source.count);
            }
            source.returns[source.count++] = Math.log(quote.price / source.accepted) / Math.sqrt(minutes);
        }
        if (passed) {
            source.accepted = quote.price;
            source.acceptedAt = quote.observedAt;
        }
        source.price = quote.price;
        source.observedAt = quote.observedAt;
        source.fetchedAt = quote.fetchedAt;
        source.passed = passed;
    }

    /** Judges each quote by the memory of its asset. */
    private static final class JudgeProcessor implements Processor<byte[], byte[], byte[], byte[]> {
        private final Meter meter;
        private ProcessorContext<byte[], byte[]> context;
        private KeyValueStore<byte[], Asset> store;

        JudgeProcessor(Meter meter) {
            this.meter = meter;
        }

        @Override
        public void init(ProcessorContext<byte[], byte[]> newContext) {
            context = newContext;
            store = newContext.getStateStore("assets");
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            meter.begin();
            Quote quote = readQuote(record.value());
            Asset asset = store.get(record.key());
            if (asset == null) {
                asset = new Asset();
            }
            double[] prices = new double[asset.sources.size()];
            int count = peers(asset, quote, prices);
            double reference = count > 0 ? median(prices, count) : Double.NaN;
            double deviation = count > 0 ? (quote.price - reference) / reference * 1e4 : Double.NaN;
            double limit = count > 0 ? Math.max(DIVERGENCE_FLOOR_BPS, DIVERGENCE_K * sigma(prices, count, reference) / reference * 1e4) : 0;
            boolean divergent = count > 0 && Math.abs(deviation) > limit;
            boolean jump = isJump(asset.sources.get(quote.source), quote);
            remember(asset, quote, !divergent && !jump);
            store.put(record.key(), asset);
            context.forward(record.withValue(clean(record.value(), divergent, jump, reference, deviation, count)));
            meter.end();
        }

        /** The quote's bytes, then what was found. */
        private byte[] clean(byte[] quote, boolean divergent, boolean jump, double reference, double deviation, int count) {
            ByteBuffer out = ByteBuffer.allocate(quote.length + 128).order(ByteOrder.LITTLE_ENDIAN);
            out.put(quote);
            out.put((byte) (divergent || jump ? 2 : 0));
            int flags = (divergent ? 1 : 0) + (jump ? 1 : 0);
            if (flags > 0) {
                writeLong(out, flags);
            }
            if (divergent) {
                writeString(out, "divergent");
            }
            if (jump) {
                writeString(out, "jump");
            }
            writeLong(out, 0);
            for (double figure : new double[] {reference, deviation}) {
                writeLong(out, Double.isNaN(figure) ? 0 : 1);
                if (!Double.isNaN(figure)) {
                    out.putDouble(figure);
                }
            }
            out.putDouble(divergent || jump ? 0.5 : 1);
            writeLong(out, count + 1);
            writeString(out, "streams-000000000000");
            writeLong(out, context.recordMetadata().get().partition());
            writeLong(out, context.recordMetadata().get().offset());
            return Arrays.copyOf(out.array(), out.position());
        }
    }

    /** Time and processor time from the first to the last quote. */
    private static final class Meter {
        private final long wanted;
        private final CountDownLatch done = new CountDownLatch(1);
        private long quotes;
        private long beganNs;
        private long beganCpuNs;

        Meter(long wanted) {
            this.wanted = wanted;
        }

        static long cpuNs() {
            return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
        }

        void begin() {
            if (quotes == 0) {
                beganNs = System.nanoTime();
                beganCpuNs = cpuNs();
            }
        }

        void end() {
            if (++quotes == wanted) {
                double seconds = (System.nanoTime() - beganNs) / 1e9;
                System.out.printf("{\"quotes\":%d,\"seconds\":%.3f,\"quotes_per_s\":%.0f,\"cpu_us_per_quote\":%.3f}%n", quotes, seconds,
                        quotes / seconds, (cpuNs() - beganCpuNs) / 1e3 / quotes);
                System.out.flush();
                done.countDown();
            }
        }
    }

    private static Properties settings(String brokers, String stateDir) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "bench.streams");
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, brokers);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDir);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        return settings;
    }

    public static void main(String[] args) throws InterruptedException {
        Meter meter = new Meter(Long.parseLong(args[4]));
        Topology topology = new Topology();
        topology.addSource("raw", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), args[1]);
        topology.addProcessor("judge", () -> new JudgeProcessor(meter), "raw");
        topology.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("assets"), Serdes.ByteArray(), assetSerde())
                .withCachingEnabled(), "judge");
        topology.addSink("clean", args[2], Serdes.ByteArray().serializer(), Serdes.ByteArray().serializer(), "judge");
        try (KafkaStreams streams = new KafkaStreams(topology, settings(args[0], args[3]))) {
            streams.start();
            meter.done.await();
        }
    }
}
