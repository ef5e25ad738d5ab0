/* quotebus-board: the page that shows prices, anomalies, providers and the pipeline, live. */
#include <stdlib.h>

#include "base/log.h"
#include "base/service.h"
#include "base/startup.h"
#include "board/feed.h"
#include "board/server.h"
#include "bus/session.h"

/** What the board is made of. */
struct board {
    struct topic_table *topics;
    struct refusals *refusals;
    struct hub *hub;
    struct feed *feed;
    struct pool *pool;
    struct server *server;
    struct memory memory;
};

/** Starts all parts. */
static bool start(struct board *board, struct config *config, struct error *error)
{
    /* The endpoints of every stage are on the board's own server. */
    static char no_listen[] = "";
    const struct http_settings service = {.listen = no_listen, .stop_timeout_ms = config->board.http.stop_timeout_ms};
    if (!service_start("board", &service, error) || !(board->topics = topic_table_load(config->kafka.topics_file, error)))
        return false;
    board->refusals = refusals_new();
    board->memory.refusals = board->refusals;
    board->hub = hub_new(&server_transport, (size_t)config->board.clients_max);
    return (board->feed = feed_new(config, board->topics, board->hub, board->refusals, error)) &&
           (board->memory.pipeline = pipeline_start(config, error)) && (board->pool = pool_start(config, error)) &&
           (board->server = server_start(config, board->hub, board->pool, &board->memory, error));
}

/** Stops all parts: nobody new comes in, those inside get their answer or their end, then the server goes. */
static void stop(struct board *board)
{
    server_quiesce(board->server);
    if (board->hub)
        hub_close(board->hub);
    pool_stop(board->pool);
    server_stop(board->server);
    pipeline_stop(board->memory.pipeline);
    feed_free(board->feed);
    hub_free(board->hub);
    refusals_free(board->refusals);
    topic_table_free(board->topics);
    service_stop();
}

int main(int argc, char **argv)
{
    const struct startup_spec spec = {
        .stage = "board",
        .summary = "Serves a page with live prices, anomalies, providers and the pipeline, and the API behind it.",
        .examples = "  quotebus-board                                       # http://127.0.0.1:9704/\n"
                    "  quotebus-board --set board.listen=127.0.0.1:8000\n"
                    "  quotebus-board --config /etc/quotebus/quotebus.yaml  # postgres.conninfo: a login with quotebus_reader is "
                    "enough\n",
    };
    struct error error = {0};
    int status;
    struct config *config = startup(&spec, argc, argv, &status);
    if (!config)
        return status;
    struct board board = {0};
    if (start(&board, config, &error)) {
        status = session_run("board", feed_session, board.feed);
    } else {
        log_error("board", "cannot start", F_ERR(&error));
        status = error_exit_status(error.code);
    }
    stop(&board);
    config_free(config);
    return status;
}
