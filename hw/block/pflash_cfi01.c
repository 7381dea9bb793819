/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel NOR flash with the Common Flash Interface (JEDEC JESD68.01) and the basic command set 0001 (Intel StrataFlash
 * Memory J3 data sheet, 290667): two 16-bit chips side by side on a 32-bit bus, as one bank.
 *
 * Region: the array. In array mode reads go straight to memory; a command leaves that mode, 0xff returns to it.
 * Property drive: where the contents come from and go to; without one they are lost at the end.
 *
 * Commands are taken from the low chip's byte; both chips are always given the same. Not modelled: the time that
 * programming and erasing take (done at once), suspend, lock bits (blocks are never locked).
 */
#include <string.h>

#include "block/block.h"
#include "system/device.h"
#include "system/machine.h"
#include "util/log.h"

enum {
    CMD_PROGRAM = 0x10, CMD_ERASE = 0x20, CMD_PROGRAM2 = 0x40, CMD_CLEAR_STATUS = 0x50, CMD_LOCK = 0x60,
    CMD_READ_STATUS = 0x70, CMD_READ_ID = 0x90, CMD_QUERY = 0x98, CMD_CONFIRM = 0xd0, CMD_BUFFER = 0xe8,
    CMD_READ_ARRAY = 0xff,
};
enum { STATUS_READY = 0x80, STATUS_ERASE_FAILED = 0x20, STATUS_PROGRAM_FAILED = 0x10 };
enum { MANUFACTURER = 0x89, DEVICE = 0x18 };
enum { WIDTH_MAX = 4, BUFFER_LOG2 = 11, BUFFER_BYTES = 2 << BUFFER_LOG2, QUERY_BYTES = 0x40 };

struct pflash {
    struct device dev;
    uint8_t command;            /* CMD_READ_ARRAY: reads are direct */
    uint8_t cycle;              /* of a command of several writes */
    uint8_t status;
    uint32_t count;             /* words still to come into the buffer */
    uint32_t buffer_base;       /* offset in the array that the buffer stands for */
    uint8_t buffer[BUFFER_BYTES];
    uint8_t buffer_mask[BUFFER_BYTES];  /* bytes of it that were written */
    struct block_backend *drive;
    uint32_t sector_bytes, sectors, width;
    /* host */
    struct ram_block *ram;
    uint8_t query[QUERY_BYTES];
    uint64_t dirty_start, dirty_end;    /* changed bytes not yet being written to the drive; equal: none */
    uint64_t writing_start, writing_end;
    bool writing;
};

static uint64_t array_bytes(const struct pflash *s)
{
    return (uint64_t)s->sector_bytes * s->sectors;
}

/* A bus of four bytes has two chips side by side, one of a byte has one. */
static unsigned chips(const struct pflash *s)
{
    return s->width == WIDTH_MAX ? 2 : 1;
}

/* ---- writing back ---- */

static void written_back(void *opaque, int ret);

static void start_write_back(struct pflash *s)
{
    struct iovec iov;

    if (s->writing || s->dirty_start == s->dirty_end) {
        return;
    }
    s->writing = true;
    s->writing_start = s->dirty_start & ~(uint64_t)(BLOCK_SECTOR - 1);
    s->writing_end = (s->dirty_end + BLOCK_SECTOR - 1) & ~(uint64_t)(BLOCK_SECTOR - 1);
    s->dirty_start = s->dirty_end = 0;
    iov.iov_base = s->ram->host + s->writing_start;
    iov.iov_len = s->writing_end - s->writing_start;
    block_writev(s->drive, s->writing_start, &iov, 1, written_back, s);
}

static void written_back(void *opaque, int ret)
{
    struct pflash *s = opaque;

    machine_lock(s->dev.m);
    s->writing = false;
    if (ret) {
        g_printerr("doppel: %s: cannot write the drive: %s\n", s->dev.id, g_strerror(-ret));
        s->status |= STATUS_PROGRAM_FAILED;
    }
    start_write_back(s);
    machine_unlock(s->dev.m);
}

static void changed(struct pflash *s, uint64_t offset, uint64_t len)
{
    ram_written(s->ram, offset, len);
    if (!s->drive) {
        return;
    }
    if (s->dirty_start == s->dirty_end) {
        s->dirty_start = offset;
        s->dirty_end = offset + len;
    }
    s->dirty_start = MIN(s->dirty_start, offset);
    s->dirty_end = MAX(s->dirty_end, offset + len);
    start_write_back(s);
}

/* ---- commands ---- */

static bool protected(const struct pflash *s)
{
    return s->drive && block_is_read_only(s->drive);
}

static void set_command(struct pflash *s, uint8_t command)
{
    s->command = command;
    s->cycle = command == CMD_READ_ARRAY ? 0 : 1;
    mem_set_rom_mode(&s->dev.mmio, command == CMD_READ_ARRAY);
}

/* A command has ended: reads give the status. */
static void done(struct pflash *s)
{
    s->command = CMD_READ_STATUS;
    s->cycle = 0;
    s->status |= STATUS_READY;
}

/* Programming only clears bits. */
static void program(struct pflash *s, uint64_t offset, const uint8_t *bytes, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        s->ram->host[offset + i] &= bytes[i];
    }
}

static void program_word(struct pflash *s, uint64_t offset, unsigned size, uint64_t value)
{
    if (protected(s)) {
        s->status |= STATUS_PROGRAM_FAILED;
    } else {
        value = GUINT64_TO_LE(value);
        program(s, offset, (const uint8_t *)&value, size);
        changed(s, offset, size);
    }
    done(s);
}

static void erase(struct pflash *s, uint64_t offset)
{
    uint64_t start = offset - offset % s->sector_bytes;

    if (protected(s)) {
        s->status |= STATUS_ERASE_FAILED;
    } else {
        memset(s->ram->host + start, 0xff, s->sector_bytes);
        changed(s, start, s->sector_bytes);
    }
    done(s);
}

static void buffer_start(struct pflash *s, uint64_t value)
{
    s->count = (value & 0xffff) + 1;
    if (s->count > BUFFER_BYTES / s->width) {
        log_guest("%s: buffered write of %u words, more than the buffer has", s->dev.id, s->count);
        s->status |= STATUS_PROGRAM_FAILED;
        done(s);
        return;
    }
    memset(s->buffer_mask, 0, sizeof(s->buffer_mask));
    s->buffer_base = UINT32_MAX;
    s->cycle = 2;
}

static void buffer_word(struct pflash *s, uint64_t offset, unsigned size, uint64_t value)
{
    uint64_t base = offset - offset % BUFFER_BYTES;

    if (s->buffer_base == UINT32_MAX) {
        s->buffer_base = base;
        memset(s->buffer, 0xff, sizeof(s->buffer));
    }
    if (s->buffer_base != base) {
        log_guest("%s: buffered write crosses the buffer's boundary", s->dev.id);
        s->status |= STATUS_PROGRAM_FAILED;
    } else {
        value = GUINT64_TO_LE(value);
        memcpy(s->buffer + (offset - base), &value, size);
        memset(s->buffer_mask + (offset - base), 1, size);
    }
    if (!--s->count) {
        s->cycle = 3;
    }
}

static void buffer_commit(struct pflash *s, uint8_t confirm)
{
    uint64_t first = UINT64_MAX, last = 0;

    if (confirm != CMD_CONFIRM || protected(s) || (s->status & STATUS_PROGRAM_FAILED)) {
        s->status |= STATUS_PROGRAM_FAILED;
        done(s);
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(s->buffer_mask); i++) {
        if (s->buffer_mask[i]) {
            program(s, s->buffer_base + i, s->buffer + i, 1);
            first = MIN(first, s->buffer_base + i);
            last = s->buffer_base + i + 1;
        }
    }
    changed(s, first, last - first);
    done(s);
}

static void first_cycle(struct pflash *s, uint8_t command)
{
    switch (command) {
    case CMD_PROGRAM:
    case CMD_PROGRAM2:
    case CMD_ERASE:
    case CMD_LOCK:
    case CMD_BUFFER:
        s->status |= STATUS_READY;
        set_command(s, command);
        break;
    case CMD_CLEAR_STATUS:
        s->status = 0;          /* OVMF takes nothing else for flash */
        set_command(s, CMD_READ_ARRAY);
        break;
    case CMD_READ_STATUS:
    case CMD_READ_ID:
    case CMD_QUERY:
        set_command(s, command);
        s->cycle = 0;
        break;
    case 0x00:      /* AMD's reset commands: drivers that probe write them */
    case 0xf0:
    case CMD_READ_ARRAY:
        set_command(s, CMD_READ_ARRAY);
        break;
    default:
        log_guest("%s: unknown command 0x%02x", s->dev.id, command);
        set_command(s, CMD_READ_ARRAY);
    }
}

static void next_cycle(struct pflash *s, uint64_t offset, unsigned size, uint64_t value)
{
    uint8_t byte = value;

    if (s->command == CMD_PROGRAM || s->command == CMD_PROGRAM2) {
        program_word(s, offset, size, value);
    } else if (s->command == CMD_ERASE && byte == CMD_CONFIRM) {
        erase(s, offset);
    } else if (s->command == CMD_LOCK && (byte == CMD_CONFIRM || byte == 0x01)) {
        done(s);
    } else if (s->command == CMD_BUFFER && s->cycle == 1) {
        buffer_start(s, value);
    } else if (s->command == CMD_BUFFER && s->cycle == 2) {
        buffer_word(s, offset, size, value);
    } else if (s->command == CMD_BUFFER) {
        buffer_commit(s, byte);
    } else {
        set_command(s, CMD_READ_ARRAY);
    }
}

static enum mem_result pflash_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                                    struct mem_attrs attrs)
{
    struct pflash *s = opaque;

    if (!s->cycle) {
        first_cycle(s, value);
    } else {
        next_cycle(s, offset, size, value);
    }
    return MEM_OK;
}

/* The byte at offset: two chips give the same answer, each on its half of the bus. */
static uint8_t answer(const struct pflash *s, uint64_t offset)
{
    unsigned word = offset / s->width & 0xff;
    uint16_t chip;

    if (s->command == CMD_READ_ID) {
        chip = word == 0 ? MANUFACTURER : word == 1 ? DEVICE : 0;
    } else if (s->command == CMD_QUERY) {
        chip = word < QUERY_BYTES ? s->query[word] : 0;
    } else {
        chip = s->status;
    }
    return chip >> 8 * (offset % s->width & 1);
}

static enum mem_result pflash_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                                   struct mem_attrs attrs)
{
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        *value |= (uint64_t)answer(opaque, offset + i) << 8 * i;
    }
    return MEM_OK;
}

static const struct mmio_ops ops = { .read = pflash_read, .write = pflash_write, .impl_max = 4 };

/* ---- life ---- */

/* The query table (JESD68.01, section 2; times and voltages as the J3's). */
static void fill_query(struct pflash *s)
{
    uint32_t chip_sector = s->sector_bytes / chips(s), chip_bytes = chip_sector * s->sectors;
    const struct {
        uint8_t at, len;
        uint64_t value;
    } rows[] = {
        { 0x10, 3, 'Q' | 'R' << 8 | 'Y' << 16 },
        { 0x13, 2, 0x0001 },                /* command set */
        { 0x15, 2, 0x31 },                  /* its extended table */
        { 0x1b, 1, 0x45 }, { 0x1c, 1, 0x55 },       /* Vcc 4.5 to 5.5 V */
        { 0x1f, 1, 0x07 }, { 0x20, 1, 0x07 }, { 0x21, 1, 0x0a },    /* typical times: 2^n us, us, ms */
        { 0x23, 1, 0x04 }, { 0x24, 1, 0x04 }, { 0x25, 1, 0x04 },    /* at most 2^n times that */
        { 0x27, 1, 32 - __builtin_clz(chip_bytes - 1) },         /* rounded up to a power of two */
        { 0x28, 2, s->width == 1 ? 0 : 2 },          /* 8 bits wide; 8 or 16 */
        { 0x2a, 2, BUFFER_LOG2 },
        { 0x2c, 1, 1 },                     /* one erase region: */
        { 0x2d, 2, s->sectors - 1 },
        { 0x2f, 2, chip_sector >> 8 },
        { 0x31, 5, 'P' | 'R' << 8 | 'I' << 16 | (uint64_t)'1' << 24 | (uint64_t)'0' << 32 },
        { 0x3f, 1, 1 },                     /* protection fields */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t v = GUINT64_TO_LE(rows[i].value);

        memcpy(s->query + rows[i].at, &v, rows[i].len);
    }
}

/* Pages of zeroes are left untouched: flash is large and mostly empty. */
static bool read_drive(struct pflash *s, GError **err)
{
    static const uint8_t zeroes[MEM_PAGE_SIZE];
    uint64_t chunk = 64 * MEM_PAGE_SIZE, bytes = array_bytes(s);
    g_autofree uint8_t *buf = g_malloc(chunk);
    int ret = 0;

    if (block_length(s->drive) != bytes) {
        g_set_error(err, g_quark_from_static_string("device"), 0,
                    "%s: drive '%s' has %" G_GUINT64_FORMAT " bytes; this flash bank has %" G_GUINT64_FORMAT
                    " (pad the file with truncate -s)", s->dev.id, block_id(s->drive), block_length(s->drive), bytes);
        return false;
    }
    for (uint64_t at = 0; at < bytes && !ret; at += chunk) {
        ret = block_pread(s->drive, at, buf, MIN(chunk, bytes - at));
        for (uint64_t p = 0; !ret && p < MIN(chunk, bytes - at); p += MEM_PAGE_SIZE) {
            if (memcmp(buf + p, zeroes, MEM_PAGE_SIZE)) {
                memcpy(s->ram->host + at + p, buf + p, MEM_PAGE_SIZE);
            }
        }
    }
    if (ret) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "%s: cannot read drive '%s': %s", s->dev.id,
                    block_id(s->drive), g_strerror(-ret));
    }
    return !ret;
}

static bool realize(struct device *d, GError **err)
{
    struct pflash *s = (struct pflash *)d;

    if (!s->sectors || s->sectors > 0x10000 || s->sector_bytes < BUFFER_BYTES ||
        (s->sector_bytes & (s->sector_bytes - 1)) || (s->width != 1 && s->width != WIDTH_MAX) ||
        s->sector_bytes > (uint32_t)64 << 20 || array_bytes(s) > (uint64_t)1 << 30) {
        g_set_error(err, g_quark_from_static_string("device"), 0,
                    "cfi.pflash01: sector-length must be a power of two, width 1 or 4, sectors * length at most 1 GiB");
        return false;
    }
    s->ram = ram_block_new(&d->m->memory, d->id ? d->id : d->type->name, array_bytes(s), err);
    if (!s->ram || (s->drive && !read_drive(s, err))) {
        return false;
    }
    fill_query(s);
    mem_rom_device_init(&d->mmio, d->id ? d->id : d->type->name, s->ram, 0, array_bytes(s), &ops, s);
    d->mmio.busy = &d->in_mmio;
    return true;
}

/* Callbacks of the drive's writes find this lock held by their own thread. */
static void unrealize(struct device *d)
{
    struct pflash *s = (struct pflash *)d;

    while (s->writing) {
        block_drain(s->drive);
    }
    mem_region_free(&d->mmio);
}

static void reset(struct device *d)
{
    struct pflash *s = (struct pflash *)d;

    s->status = STATUS_READY;
    s->count = 0;
    s->buffer_base = UINT32_MAX;
    memset(s->buffer, 0xff, sizeof(s->buffer));
    memset(s->buffer_mask, 0, sizeof(s->buffer_mask));
    set_command(s, CMD_READ_ARRAY);
}

static bool after_load(struct device *d, GError **err)
{
    struct pflash *s = (struct pflash *)d;

    if (s->count > BUFFER_BYTES / s->width || s->cycle > 3 || (s->cycle == 2 && !s->count) ||
        (s->buffer_base != UINT32_MAX && (uint64_t)s->buffer_base + BUFFER_BYTES > array_bytes(s))) {
        g_set_error(err, g_quark_from_static_string("device"), 0, "cfi.pflash01: command state out of range");
        return false;
    }
    mem_set_rom_mode(&d->mmio, s->command == CMD_READ_ARRAY);
    return true;
}

static const struct field state[] = {
    FIELD(struct pflash, command), FIELD(struct pflash, cycle), FIELD(struct pflash, status),
    FIELD(struct pflash, count), FIELD(struct pflash, buffer_base), FIELD_BYTES(struct pflash, buffer),
    FIELD_BYTES(struct pflash, buffer_mask),
};

static const struct prop props[] = {
    PROP_DRIVE(struct pflash, drive, "drive", "contents"),
    PROP_U32(struct pflash, sector_bytes, "sector-length", 256 << 10, "bytes of a sector of the bank"),
    PROP_U32(struct pflash, width, "width", WIDTH_MAX, "bytes of the bus: 1 or 4"),
    PROP_U32(struct pflash, sectors, "num-blocks", 128, "number of sectors"),
};

static const struct host_field host[] = {
    HOST(struct pflash, ram), HOST(struct pflash, query), HOST(struct pflash, dirty_start),
    HOST(struct pflash, dirty_end), HOST(struct pflash, writing_start), HOST(struct pflash, writing_end),
    HOST(struct pflash, writing),
};

const struct device_type pflash_cfi01_type = {
    .name = "cfi.pflash01", .help = "Intel NOR flash bank", .fdt = "cfi-flash", .size = sizeof(struct pflash),
    STATE(state), PROPS(props), HOSTS(host), .realize = realize, .unrealize = unrealize, .reset = reset,
    .after_load = after_load,
};
