#include "cli/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_DEFAULT 120
#define WIDTH_MIN 40
#define WIDTH_MAX 500

/** The first error of stdout; 0: none. */
static int failure;

/** A whole number of the environment within bounds, or `fallback`. */
static size_t environment_size(const char *name, size_t fallback)
{
    const char *text = getenv(name);
    if (!text || *text < '0' || *text > '9')
        return fallback;
    const unsigned long number = strtoul(text, NULL, 10);
    return number >= WIDTH_MIN && number <= WIDTH_MAX ? (size_t)number : fallback;
}

struct view output_view(void)
{
    struct view view = {.terminal = isatty(STDOUT_FILENO) == 1, .width = environment_size("COLUMNS", WIDTH_DEFAULT)};
    struct winsize size = {0};
    if (view.terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col) {
        view.width = size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
        view.height = size.ws_row;
    }
    const char *no_colour = getenv("NO_COLOR");
    view.colour = view.terminal && (!no_colour || !*no_colour);
    return view;
}

bool output_write(struct str text)
{
    if (!failure && text.len && fwrite(text.ptr, 1, text.len, stdout) != text.len)
        failure = errno;
    return !failure;
}

void output_grid(struct grid *grid, bool json)
{
    struct buf text = {0};
    const struct view view = output_view();
    if (json)
        grid_json_lines(&text, grid);
    else
        grid_table(&text, grid, &(struct grid_layout){.width = view.width, .colour = view.colour});
    output_write(buf_str(&text));
    buf_clear(&text);
}

bool output_flush(void)
{
    if (!failure && fflush(stdout) != 0)
        failure = errno;
    return !failure;
}

int output_finish(int status)
{
    if (output_flush() || failure == EPIPE)
        return status;
    fprintf(stderr, "quotebus: cannot write to stdout: %s\n", strerror(failure));
    return EXIT_FAILURE;
}
