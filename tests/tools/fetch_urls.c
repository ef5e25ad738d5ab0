/*
 * Fetches URLs all at once with ingest's fetcher: fetch_urls CA_FILE URL... (CA_FILE `-`: the system's). A line per answer:
 * status and body, or `-` and what went wrong; at the end the number of connections.
 */
#include <stdio.h>
#include <string.h>

#include "ingest/fetcher.h"

/** Prints one answer. */
static void print_answer(void *unused, const struct fetch_result *result)
{
    (void)unused;
    if (result->complete)
        printf("%d %.*s\n", result->response.status, STR_ARG(result->response.body));
    else
        printf("- %s: %s\n", outcome_name(result->failure), result->message);
}

int main(int argc, char **argv)
{
    struct error error = {0};
    const struct fetcher_options options = {.user_agent = "quotebus-test",
                                            .ca_file = argc > 1 && strcmp(argv[1], "-") != 0 ? argv[1] : NULL,
                                            .max_body_bytes = 100000,
                                            .request_timeout_ms = 10000};
    struct fetcher *fetcher = fetcher_new(&options, &error);
    bool good = fetcher != NULL;
    for (int i = 2; good && i < argc; i++)
        good = fetcher_start(fetcher, &(struct fetch_request){.url = argv[i]}, &error);
    while (good && fetcher_in_flight(fetcher) > 0)
        fetcher_run(fetcher, 100, print_answer, NULL);
    if (good)
        printf("connections %llu\n", (unsigned long long)fetcher_connections(fetcher));
    else
        fprintf(stderr, "%s\n", error.message);
    fetcher_free(fetcher);
    return good ? 0 : 1;
}
