#include "board/hub.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "board/sse.h"

/** How long a page waits before it connects again, in the stream's own words. */
#define HELLO "retry: 1000\nevent: hello\ndata: {}\n\n"
#define DROPPED "{\"reason\":\"this page read too slowly; connect again and load the current state\"}"

/** A framed event, shared by the ring and by those who are sending it. */
struct message {
    size_t holders;
    struct buf text;
};

struct follower {
    struct hub *hub;
    struct follower *next, *before;
    void *connection;
    int64_t wanted;          /* number of the next message */
    struct message *current; /* being sent */
    size_t sent;             /* bytes of it */
    bool asleep;
    bool ending; /* behind `current` comes the end */
};

struct hub {
    pthread_mutex_t lock;
    struct hub_transport transport;
    struct message *ring[HUB_MESSAGES]; /* message n at n % HUB_MESSAGES */
    int64_t next;                       /* number of the message to come */
    struct follower *followers;
    size_t count;
    size_t count_max;
    bool closed;
    struct metric *followers_metric;
    struct metric *dropped_metric;
};

struct hub *hub_new(const struct hub_transport *transport, size_t followers_max)
{
    struct hub *hub = xcalloc(1, sizeof(*hub));
    pthread_mutex_init(&hub->lock, NULL);
    hub->transport = *transport;
    hub->count_max = followers_max;
    hub->followers_metric = metric_gauge("quotebus_board_clients", "Pages that follow the events.", NULL);
    hub->dropped_metric =
        metric_counter("quotebus_board_clients_dropped_total", "Pages that read too slowly and were let go.", NULL);
    return hub;
}

/** One holder less. */
static void release(struct message *message)
{
    if (message && --message->holders == 0) {
        buf_clear(&message->text);
        free(message);
    }
}

void hub_free(struct hub *hub)
{
    if (!hub)
        return;
    for (size_t i = 0; i < HUB_MESSAGES; i++)
        release(hub->ring[i]);
    pthread_mutex_destroy(&hub->lock);
    free(hub);
}

/** Wakes all that sleep. */
static void wake_all(struct hub *hub)
{
    for (struct follower *follower = hub->followers; follower; follower = follower->next) {
        if (follower->asleep) {
            follower->asleep = false;
            hub->transport.wake(follower->connection);
        }
    }
}

/** A message with one holder. */
static struct message *message_new(const char *event, int64_t id, struct str data)
{
    struct message *message = xcalloc(1, sizeof(*message));
    message->holders = 1;
    sse_write(&message->text, event, id, data);
    return message;
}

void hub_publish(struct hub *hub, const char *event, struct str data)
{
    pthread_mutex_lock(&hub->lock);
    struct message **place = &hub->ring[hub->next % HUB_MESSAGES];
    release(*place);
    *place = message_new(event, hub->next++, data);
    wake_all(hub);
    pthread_mutex_unlock(&hub->lock);
}

void hub_close(struct hub *hub)
{
    pthread_mutex_lock(&hub->lock);
    hub->closed = true;
    wake_all(hub);
    pthread_mutex_unlock(&hub->lock);
}

/** Number of the oldest message of the ring. */
static int64_t oldest(const struct hub *hub)
{
    return hub->next > HUB_MESSAGES ? hub->next - HUB_MESSAGES : 0;
}

/** Puts a new follower into the list. */
static struct follower *add_follower(struct hub *hub, void *connection)
{
    struct follower *follower = xcalloc(1, sizeof(*follower));
    follower->hub = hub;
    follower->connection = connection;
    follower->next = hub->followers;
    if (follower->next)
        follower->next->before = follower;
    hub->followers = follower;
    hub->count++;
    metric_set(hub->followers_metric, (double)hub->count);
    return follower;
}

struct follower *hub_join(struct hub *hub, void *connection, int64_t last_id)
{
    struct follower *follower = NULL;
    pthread_mutex_lock(&hub->lock);
    if (!hub->closed && hub->count < hub->count_max) {
        follower = add_follower(hub, connection);
        const bool known = last_id >= 0 && last_id < hub->next && last_id + 1 >= oldest(hub);
        follower->wanted = known ? last_id + 1 : hub->next;
        follower->current = xcalloc(1, sizeof(*follower->current));
        follower->current->holders = 1;
        buf_append_str(&follower->current->text, STR(HELLO));
    }
    pthread_mutex_unlock(&hub->lock);
    return follower;
}

void hub_leave(struct follower *follower)
{
    struct hub *hub = follower->hub;
    pthread_mutex_lock(&hub->lock);
    if (follower->before)
        follower->before->next = follower->next;
    else
        hub->followers = follower->next;
    if (follower->next)
        follower->next->before = follower->before;
    release(follower->current);
    metric_set(hub->followers_metric, (double)--hub->count);
    pthread_mutex_unlock(&hub->lock);
    free(follower);
}

/** Finds what the follower sends next; false when there is nothing now. */
static bool take_next(struct hub *hub, struct follower *follower)
{
    release(follower->current);
    follower->current = NULL;
    follower->sent = 0;
    if (follower->ending || follower->wanted == hub->next)
        return false;
    if (follower->wanted < oldest(hub)) {
        follower->current = message_new("dropped", -1, STR(DROPPED));
        follower->ending = true;
        metric_add(hub->dropped_metric, 1);
        return true;
    }
    follower->current = hub->ring[follower->wanted++ % HUB_MESSAGES];
    follower->current->holders++;
    return true;
}

/** Copies as many messages as have room. */
static size_t copy_messages(struct hub *hub, struct follower *follower, char *out, size_t max)
{
    size_t len = 0;
    while (len < max) {
        const struct message *current = follower->current;
        if ((!current || follower->sent == current->text.len) && !take_next(hub, follower))
            break;
        current = follower->current;
        const size_t left = current->text.len - follower->sent;
        const size_t part = left < max - len ? left : max - len;
        memcpy(out + len, current->text.data + follower->sent, part);
        follower->sent += part;
        len += part;
    }
    return len;
}

ssize_t hub_read(struct follower *follower, char *out, size_t max)
{
    struct hub *hub = follower->hub;
    pthread_mutex_lock(&hub->lock);
    ssize_t result = (ssize_t)copy_messages(hub, follower, out, max);
    if (result == 0 && (hub->closed || follower->ending)) {
        result = HUB_END;
    } else if (result == 0) {
        follower->asleep = true;
        hub->transport.sleep(follower->connection);
    }
    pthread_mutex_unlock(&hub->lock);
    return result;
}
