/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet commands of a CD or DVD drive (SFF 8020i; MMC-5), read-only. Media are data discs of one session and one
 * track, as disk images are.
 */
#include <string.h>

#include "hw/ide/ide.h"
#include "util/log.h"

#define CD_SECTOR 2048

enum { KEY_NONE = 0, KEY_NOT_READY = 2, KEY_ILLEGAL = 5 };
enum { CODE_NO_MEDIUM = 0x3a, CODE_INVALID_COMMAND = 0x20, CODE_OUT_OF_RANGE = 0x21, CODE_INVALID_FIELD = 0x24 };

static uint32_t be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = v >> 8;
    p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v);
}

static uint32_t sectors_of(const struct ide_drive *d)
{
    return d->be ? MIN(block_length(d->be) / CD_SECTOR, UINT32_MAX - 1) : 0;
}

/* Minute, second and frame of a sector; frame 0 of the disc is two seconds before sector 0. */
static void put_msf(uint8_t *p, uint32_t sector)
{
    sector += 150;
    p[0] = 0;
    p[1] = sector / 75 / 60;
    p[2] = sector / 75 % 60;
    p[3] = sector % 75;
}

static void answer(struct ide_channel *c, uint32_t len, uint32_t max)
{
    ide_packet_answer(c, MIN(len, max));
}

static void request_sense(struct ide_channel *c, uint32_t max)
{
    unsigned n = ide_selected(c);
    uint8_t *b = c->buffer;

    memset(b, 0, 18);
    b[0] = 0x70;
    b[2] = c->sense_key[n];
    b[7] = 10;
    b[12] = c->sense_code[n];
    c->sense_key[n] = c->sense_code[n] = 0;
    answer(c, 18, max);
}

static void text(uint8_t *to, unsigned len, const char *from)
{
    memset(to, ' ', len);
    memcpy(to, from, MIN(len, strlen(from)));
}

static void inquiry(struct ide_channel *c, uint32_t max)
{
    uint8_t *b = c->buffer;

    memset(b, 0, 36);
    b[0] = 5;           /* CD-ROM */
    b[1] = 0x80;        /* removable */
    b[3] = 0x21;        /* ATAPI, answer format 1 */
    b[4] = 31;
    text(b + 8, 8, "QEMU");
    text(b + 16, 16, "QEMU DVD-ROM");
    text(b + 32, 4, "1.0");
    answer(c, 36, max);
}

static void read_capacity(struct ide_channel *c, const struct ide_drive *d)
{
    put32(c->buffer, sectors_of(d) - 1);
    put32(c->buffer + 4, CD_SECTOR);
    answer(c, 8, 8);
}

static void read_toc(struct ide_channel *c, const struct ide_drive *d, const uint8_t *p)
{
    bool msf = p[1] & 2;
    unsigned format = p[9] >> 6 ? p[9] >> 6 : p[2] & 15;
    uint8_t *b = c->buffer, *t = b + 4;

    memset(b, 0, 32);
    b[2] = b[3] = 1;
    if (format == 1) {          /* the last session */
        put16(b, 10);
        t[1] = 0x14;
        t[2] = 1;
        if (msf) {
            put_msf(t + 4, 0);
        }
        answer(c, 12, be16(p + 7));
        return;
    }
    if (format != 0) {
        ide_packet_error(c, KEY_ILLEGAL, CODE_INVALID_FIELD);
        return;
    }
    if (p[6] <= 1) {
        t[1] = 0x14;            /* a data track */
        t[2] = 1;
        if (msf) {
            put_msf(t + 4, 0);
        }
        t += 8;
    }
    t[1] = 0x16;                /* lead-out */
    t[2] = 0xaa;
    if (msf) {
        put_msf(t + 4, sectors_of(d));
    } else {
        put32(t + 4, sectors_of(d));
    }
    t += 8;
    put16(b, t - b - 2);
    answer(c, t - b, be16(p + 7));
}

static void mode_sense(struct ide_channel *c, const struct ide_drive *d, const uint8_t *p)
{
    uint8_t *b = c->buffer;

    memset(b, 0, 30);
    b[2] = d->be ? 0x01 : 0x70;
    if ((p[2] & 0x3f) == 0x01) {            /* error recovery */
        put16(b, 14);
        b[8] = 1;
        b[9] = 6;
        b[11] = 5;
        answer(c, 16, be16(p + 7));
    } else if ((p[2] & 0x3f) == 0x2a) {     /* capabilities */
        put16(b, 28);
        b[8] = 0x2a;
        b[9] = 0x12;
        b[10] = 0x3b;                       /* reads CD-R, CD-RW, DVD-ROM */
        b[12] = 0x70;
        b[14] = 0x29;                       /* locks, ejects, tray */
        put16(b + 16, 706 * 4);
        put16(b + 20, 512);
        put16(b + 22, 706 * 4);
        answer(c, 30, be16(p + 7));
    } else {
        ide_packet_error(c, KEY_ILLEGAL, CODE_INVALID_FIELD);
    }
}

static void get_configuration(struct ide_channel *c, const struct ide_drive *d, const uint8_t *p)
{
    bool dvd = sectors_of(d) > 333000;      /* longer than a CD of 74 minutes */
    uint8_t *b = c->buffer;

    memset(b, 0, 40);
    put16(b + 6, d->be ? (dvd ? 0x10 : 0x08) : 0);
    put16(b + 8, 0);                        /* profile list */
    b[10] = 3;
    b[11] = 8;
    put16(b + 12, 0x10);
    b[14] = dvd;
    put16(b + 16, 0x08);
    b[18] = d->be && !dvd;
    put16(b + 20, 1);                       /* core: ATAPI */
    b[22] = 0x0b;
    b[23] = 8;
    put32(b + 24, 2);
    b[28] = 1;
    put16(b + 32, 3);                       /* removable medium */
    b[34] = 3;
    b[35] = 4;
    b[36] = 0x39;
    put32(b, 36);
    answer(c, 40, be16(p + 7));
}

static void get_event(struct ide_channel *c, const struct ide_drive *d, const uint8_t *p)
{
    uint8_t *b = c->buffer;

    if (!(p[1] & 1)) {      /* asynchronous notification */
        ide_packet_error(c, KEY_ILLEGAL, CODE_INVALID_FIELD);
        return;
    }
    memset(b, 0, 8);
    b[3] = 0x10;            /* class media is there */
    if (p[4] & 0x10) {
        put16(b, 6);
        b[2] = 4;
        b[5] = d->be ? 2 : 0;
        answer(c, 8, be16(p + 7));
    } else {
        put16(b, 2);
        b[2] = 0x80;
        answer(c, 4, be16(p + 7));
    }
}

static void read_disc_info(struct ide_channel *c, const uint8_t *p)
{
    uint8_t *b = c->buffer;

    memset(b, 0, 34);
    put16(b, 32);
    b[2] = 0x0e;            /* complete, last session complete */
    b[3] = b[4] = b[5] = b[6] = 1;
    b[7] = 0x20;
    answer(c, 34, be16(p + 7));
}

static void read_data(struct ide_channel *c, const struct ide_drive *d, uint32_t sector, uint32_t count)
{
    uint32_t all = sectors_of(d);

    if (!count) {
        ide_packet_done(c);
    } else if (sector >= all || count > all - sector) {
        ide_packet_error(c, KEY_ILLEGAL, CODE_OUT_OF_RANGE);
    } else {
        ide_packet_read(c, sector, count);
    }
}

/* READ CD: of what can be asked for, the 2048 bytes of user data, or nothing. */
static void read_cd(struct ide_channel *c, const struct ide_drive *d, const uint8_t *p)
{
    uint32_t count = p[6] << 16 | be16(p + 7);

    if ((p[9] & 0xf8) == 0x10) {
        read_data(c, d, be32(p + 2), count);
    } else if (!(p[9] & 0xf8)) {
        ide_packet_done(c);
    } else {
        ide_packet_error(c, KEY_ILLEGAL, CODE_INVALID_FIELD);
    }
}

static bool needs_medium(uint8_t command)
{
    static const uint8_t list[] = { 0x00, 0x25, 0x28, 0x2b, 0x43, 0x51, 0xa8, 0xbe };

    return memchr(list, command, sizeof(list)) != NULL;
}

void ide_packet(struct ide_channel *c, struct ide_drive *d)
{
    uint8_t p[IDE_PACKET_BYTES];

    memcpy(p, c->buffer, sizeof(p));
    if (needs_medium(p[0]) && !d->be) {
        ide_packet_error(c, KEY_NOT_READY, CODE_NO_MEDIUM);
        return;
    }
    switch (p[0]) {
    case 0x00: case 0x1b: case 0x1e: case 0x2b: case 0xbb:  /* test, start/stop, lock, seek, speed */
        ide_packet_done(c);
        break;
    case 0x03: request_sense(c, p[4]); break;
    case 0x12: inquiry(c, p[4]); break;
    case 0x25: read_capacity(c, d); break;
    case 0x28: read_data(c, d, be32(p + 2), be16(p + 7)); break;
    case 0x43: read_toc(c, d, p); break;
    case 0x46: get_configuration(c, d, p); break;
    case 0x4a: get_event(c, d, p); break;
    case 0x51: read_disc_info(c, p); break;
    case 0x5a: mode_sense(c, d, p); break;
    case 0xa8: read_data(c, d, be32(p + 2), be32(p + 6)); break;
    case 0xbd:
        memset(c->buffer, 0, 8);
        c->buffer[5] = 1;
        answer(c, 8, be16(p + 8));
        break;
    case 0xbe: read_cd(c, d, p); break;
    default:
        log_guest("cd: unknown packet command 0x%02x", p[0]);
        ide_packet_error(c, KEY_ILLEGAL, CODE_INVALID_COMMAND);
    }
}
