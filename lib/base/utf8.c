#include "base/utf8.h"

#include <string.h>

/** A row of table 3-7: the range of first bytes, the range of the second byte, and the length. */
struct row {
    uint8_t first_min, first_max;
    uint8_t second_min, second_max;
    uint8_t length;
};

static const struct row rows[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_character(const uint8_t *at, const uint8_t *end)
{
    if (*at < 0x80)
        return 1;
    const struct row *row = rows;
    const struct row *const behind = rows + sizeof(rows) / sizeof(rows[0]);
    while (row < behind && (*at < row->first_min || *at > row->first_max))
        row++;
    if (row == behind || end - at < row->length || at[1] < row->second_min || at[1] > row->second_max)
        return 0;
    for (size_t i = 2; i < row->length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    }
    return row->length;
}

bool utf8_valid(struct str text)
{
    const uint8_t *at = (const uint8_t *)text.ptr;
    const uint8_t *end = text.len ? at + text.len : at;
    while (at < end) {
        uint64_t eight = 0;
        if (end - at >= 8)
            memcpy(&eight, at, sizeof(eight));
        /* Nearly all text is ASCII: eight bytes at once. */
        const bool ascii = end - at >= 8 && (eight & UINT64_C(0x8080808080808080)) == 0;
        const size_t length = ascii ? 8 : *at < 0x80 ? 1 : utf8_character(at, end);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

void utf8_to_line(char *text)
{
    uint8_t *at = (uint8_t *)text;
    const uint8_t *end = at + strlen(text);
    while (at < end) {
        const size_t length = utf8_character(at, end);
        const bool c1_control = length == 2 && at[0] == 0xc2 && at[1] < 0xa0;
        if (*at == '\n' || *at == '\r' || *at == '\t')
            *at = ' ';
        else if (length == 0 || *at < 0x20 || *at == 0x7f)
            *at = '?';
        else if (c1_control)
            at[0] = at[1] = '?';
        at += length ? length : 1;
    }
}
