/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/ide/ide.h"

#include <string.h>

#include "system/machine.h"
#include "util/log.h"

enum { ST_ERR = 1, ST_DRQ = 8, ST_DSC = 0x10, ST_DRDY = 0x40, ST_BSY = 0x80 };
enum { ER_ABRT = 4, ER_IDNF = 0x10, ER_UNC = 0x40 };
enum { CTL_NIEN = 2, CTL_SRST = 4, CTL_HOB = 0x80 };
enum { SEL_LBA = 0x40 };
enum { REASON_CD = 1, REASON_IO = 2 };
enum { BM_START = 1, BM_TO_MEMORY = 8, BM_ACTIVE = 1, BM_ERROR = 2, BM_INT = 4 };

#define SECTOR 512
#define CD_SECTOR 2048
#define MULTIPLE_MAX 16

/* One request to the disk; its memory is its own, because the guest may reset the channel meanwhile. */
struct ide_request {
    struct ide_channel *c;      /* NULL: nobody waits any more */
    struct machine *m;
    struct iovec iov;
    uint8_t data[];
};

static struct ide_drive *current(struct ide_channel *c)
{
    return &c->drive[ide_selected(c)];
}

static unsigned sector_bytes(struct ide_channel *c)
{
    return current(c)->cd ? CD_SECTOR : SECTOR;
}

/* ---- interrupts and ends ---- */

void ide_update(struct ide_channel *c)
{
    irq_set(&c->irq, c->irq_level && !(c->control & CTL_NIEN));
}

static void interrupt(struct ide_channel *c)
{
    if (c->ops) {
        c->ops->event(c);
        return;
    }
    c->irq_level = true;
    c->bm_status |= BM_INT;
    ide_update(c);
}

void ide_finish(struct ide_channel *c, uint8_t error)
{
    c->phase = IDE_IDLE;
    c->error = error;
    c->status = ST_DRDY | ST_DSC | (error ? ST_ERR : 0);
    if (c->dma) {
        c->bm_status &= ~BM_ACTIVE;
    }
    if (c->packet) {
        c->count[0] = REASON_CD | REASON_IO;
    }
    interrupt(c);
}

static void abort_command(struct ide_channel *c)
{
    c->packet = c->dma = false;
    ide_finish(c, ER_ABRT);
}

/* ---- the disk ---- */

static void disk_done(struct ide_channel *c, const uint8_t *data, uint64_t len, int ret);

static void completed(void *opaque, int ret)
{
    struct ide_request *r = opaque;
    struct machine *m = r->m;

    machine_lock(m);
    if (r->c) {
        r->c->request = NULL;
        disk_done(r->c, r->data, r->iov.iov_len, ret);
    }
    machine_unlock(m);
    g_free(r);
}

static struct ide_request *request_new(struct ide_channel *c, uint32_t len)
{
    struct ide_request *r = g_malloc(sizeof(*r) + len);

    r->c = c;
    r->m = c->owner->m;
    r->iov = (struct iovec) { r->data, len };
    c->request = r;
    c->phase = IDE_DISK;
    c->status = ST_BSY;
    return r;
}

/* Reads what comes next, as much as the buffer takes. */
static void read_more(struct ide_channel *c)
{
    uint32_t bytes = sector_bytes(c), n = MIN(c->left, IDE_BUFFER_BYTES / bytes);
    struct ide_request *r = request_new(c, n * bytes);

    block_readv(current(c)->be, c->sector * bytes, &r->iov, 1, completed, r);
    c->sector += n;
    c->left -= n;
}

/* Writes the first length bytes of buffer. */
static void write_buffer(struct ide_channel *c)
{
    struct ide_request *r = request_new(c, c->length);

    memcpy(r->data, c->buffer, c->length);
    block_writev(current(c)->be, c->sector * SECTOR, &r->iov, 1, completed, r);
    c->sector += c->length / SECTOR;
}

static void flush(struct ide_channel *c)
{
    struct ide_request *r = request_new(c, 0);

    c->left = c->length = 0;
    block_flush(current(c)->be, completed, r);
}

/* ---- bus master: physical region descriptors ---- */

static void bm_rewind(struct ide_channel *c)
{
    c->bm_entry = c->bm_table;
    c->bm_bytes = 0;
    c->bm_last = false;
}

/* The next piece of memory; false: the table has ended. */
static bool bm_piece(struct ide_channel *c)
{
    uint32_t size;

    if (c->bm_bytes) {
        return true;
    }
    if (c->bm_last) {
        return false;
    }
    c->bm_addr = as_ld32le(c->as, c->bm_entry, MEM_ATTRS_NONE, NULL) & ~1u;
    size = as_ld32le(c->as, c->bm_entry + 4, MEM_ATTRS_NONE, NULL);
    c->bm_bytes = size & 0xfffe ? size & 0xfffe : 0x10000;
    c->bm_last = size >> 31;
    c->bm_entry += 8;
    return true;
}

/* Between buffer and memory; false where the table is too short. */
static bool bm_copy(struct ide_channel *c, bool to_memory, uint32_t len)
{
    uint32_t at = 0;

    if (c->ops) {
        return c->ops->copy(c, to_memory, c->buffer, len);
    }
    while (at < len) {
        uint32_t n;

        if (!bm_piece(c)) {
            return false;
        }
        n = MIN(c->bm_bytes, len - at);
        if (to_memory) {
            as_write(c->as, c->bm_addr, c->buffer + at, n, MEM_ATTRS_NONE);
        } else {
            as_read(c->as, c->bm_addr, c->buffer + at, n, MEM_ATTRS_NONE);
        }
        c->bm_addr += n;
        c->bm_bytes -= n;
        at += n;
    }
    return true;
}

static void bm_failed(struct ide_channel *c)
{
    c->bm_status |= BM_ERROR;
    log_guest("%s: DMA table shorter than the transfer", c->owner->id ? c->owner->id : c->owner->type->name);
    ide_finish(c, ER_ABRT);
}

/* ---- transfers ---- */

/* Data in buffer is ready: the next block for the host. */
static void offer(struct ide_channel *c)
{
    uint32_t n = MIN(c->burst_bytes, c->length - c->position);

    c->burst = c->position + n;
    c->phase = IDE_PIO_IN;
    c->status = ST_DRDY | ST_DSC | ST_DRQ;
    if (c->packet) {
        c->count[0] = REASON_IO;
        c->lba[1][0] = n;
        c->lba[2][0] = n >> 8;
    }
    interrupt(c);
}

static void want(struct ide_channel *c, bool first)
{
    c->length = MIN((uint64_t)c->burst_bytes, (uint64_t)c->left * SECTOR);
    c->left -= c->length / SECTOR;
    c->position = 0;
    c->burst = c->length;
    c->phase = IDE_PIO_OUT;
    c->status = ST_DRDY | ST_DSC | ST_DRQ;
    if (!first) {
        interrupt(c);
    }
}

/* The bus master has been started, or data for it is there. */
static void dma_go(struct ide_channel *c)
{
    if (!c->ops && !(c->bm_command & BM_START)) {
        c->phase = IDE_DMA_WAIT;
        return;
    }
    if (c->write) {
        c->length = MIN((uint64_t)IDE_BUFFER_BYTES, (uint64_t)c->left * SECTOR);
        c->left -= c->length / SECTOR;
        if (!bm_copy(c, false, c->length)) {
            bm_failed(c);
        } else {
            write_buffer(c);
        }
    } else if (c->length) {
        if (!bm_copy(c, true, c->length)) {
            bm_failed(c);
        } else if (c->left) {
            read_more(c);
        } else {
            ide_finish(c, 0);
        }
    } else {
        read_more(c);
    }
}

static void disk_failed(struct ide_channel *c)
{
    if (c->packet) {
        ide_packet_error(c, 3, 0x11);       /* medium error: unrecovered read error */
    } else {
        ide_finish(c, c->write ? ER_ABRT : ER_UNC);
    }
}

static void disk_done(struct ide_channel *c, const uint8_t *data, uint64_t len, int ret)
{
    if (ret) {
        disk_failed(c);
    } else if (!c->write && len) {
        memcpy(c->buffer, data, len);
        c->length = len;
        c->position = 0;
        if (c->dma) {
            dma_go(c);
        } else {
            offer(c);
        }
    } else if (c->write && c->left) {
        if (c->dma) {
            dma_go(c);
        } else {
            want(c, false);
        }
    } else {
        ide_finish(c, 0);
    }
}

/* ---- the address of a command ---- */

static uint64_t address(const struct ide_channel *c, bool ext)
{
    unsigned n = ide_selected(c);

    if (ext) {
        return c->lba[0][0] | c->lba[1][0] << 8 | (uint64_t)c->lba[2][0] << 16 | (uint64_t)c->lba[0][1] << 24 |
               (uint64_t)c->lba[1][1] << 32 | (uint64_t)c->lba[2][1] << 40;
    }
    if (c->select & SEL_LBA) {
        return c->lba[0][0] | c->lba[1][0] << 8 | c->lba[2][0] << 16 | (c->select & 15) << 24;
    }
    return ((c->lba[1][0] | c->lba[2][0] << 8) * (uint64_t)c->heads[n] + (c->select & 15)) * c->sectors[n] +
           (uint64_t)c->lba[0][0] - 1;
}

static uint32_t sector_count(const struct ide_channel *c, bool ext)
{
    uint32_t n = c->count[0] | (ext ? c->count[1] << 8 : 0);

    return n ? n : ext ? 0x10000 : 0x100;
}

static uint64_t disk_sectors(const struct ide_drive *d)
{
    return d->be ? block_length(d->be) / SECTOR : 0;
}

/* READ and WRITE in all forms. */
static void transfer(struct ide_channel *c, bool ext, bool write, bool dma, unsigned per_interrupt)
{
    struct ide_drive *d = current(c);
    uint64_t sector = address(c, ext), all = disk_sectors(d);
    uint32_t n = sector_count(c, ext);

    if (d->cd || !d->be || !per_interrupt || (write && block_is_read_only(d->be))) {
        abort_command(c);
        return;
    }
    c->packet = false;
    c->dma = dma;
    c->write = write;
    c->sector = sector;
    c->left = n;
    c->length = c->position = 0;
    c->burst_bytes = per_interrupt * SECTOR;
    if (sector >= all || n > all - sector) {
        ide_finish(c, ER_IDNF);
    } else if (dma) {
        bm_rewind(c);
        c->status = ST_DRDY | ST_DSC | ST_DRQ;
        c->bm_status |= c->bm_command & BM_START ? BM_ACTIVE : 0;
        dma_go(c);
    } else if (write) {
        want(c, true);
    } else {
        read_more(c);
    }
}

/* ---- IDENTIFY ---- */

static void put_word(uint8_t *b, unsigned n, uint16_t v)
{
    b[2 * n] = v;
    b[2 * n + 1] = v >> 8;
}

/* Texts have their bytes swapped in words and are padded with spaces. */
static void put_text(uint8_t *b, unsigned word, unsigned words, const char *text)
{
    size_t len = strlen(text);

    for (unsigned i = 0; i < 2 * words; i++) {
        b[2 * word + (i ^ 1)] = i < len ? text[i] : ' ';
    }
}

static void identify_common(struct ide_channel *c, const struct ide_drive *d, uint8_t *b)
{
    memset(b, 0, SECTOR);
    put_text(b, 10, 10, d->serial);
    put_text(b, 23, 4, "1.0");
    put_text(b, 27, 20, d->model);
    put_word(b, 49, 0x0300);            /* LBA, DMA */
    put_word(b, 53, 0x0007);            /* words 54 to 58, 64 to 70 and 88 count */
    put_word(b, 63, 0x0007);            /* multiword DMA 0 to 2 */
    put_word(b, 64, 0x0003);            /* PIO 3 and 4 */
    for (unsigned i = 65; i <= 68; i++) {
        put_word(b, i, 120);            /* cycle times in ns */
    }
    put_word(b, 80, 0x00f0);            /* ATA-4 to 7 */
    put_word(b, 88, 0x203f);            /* UDMA 0 to 5, 5 selected */
    if (d->sata) {
        put_word(b, 75, 31);            /* queue depth - 1 */
        put_word(b, 76, d->cd ? 0x0002 : 0x0102);   /* SATA generation 1; queued commands */
    } else {
        put_word(b, 93, 0x6001);        /* hardware reset result */
    }
}

static void identify_disk(struct ide_channel *c, uint8_t *b)
{
    unsigned n = ide_selected(c);
    struct ide_drive *d = current(c);
    uint64_t all = disk_sectors(d), cylinders = CLAMP(all / (16 * 63), 2, 16383);
    uint32_t chs = cylinders * 16 * 63, lba28 = MIN(all, 0x0fffffff);

    identify_common(c, d, b);
    put_word(b, 0, 0x0040);
    put_word(b, 1, cylinders);
    put_word(b, 3, 16);
    put_word(b, 6, 63);
    put_word(b, 47, 0x8000 | MULTIPLE_MAX);
    put_word(b, 54, cylinders);
    put_word(b, 55, c->heads[n]);
    put_word(b, 56, c->sectors[n]);
    put_word(b, 57, chs);
    put_word(b, 58, chs >> 16);
    put_word(b, 59, c->multiple[n] ? 0x100 | c->multiple[n] : 0);
    put_word(b, 60, lba28);
    put_word(b, 61, lba28 >> 16);
    put_word(b, 82, 0x0020);            /* write cache */
    put_word(b, 83, 0x7400);            /* flush, flush ext, 48 bits */
    put_word(b, 84, d->sata ? 0x4020 : 0x4000);     /* general purpose logs, which NCQ errors need */
    put_word(b, 85, c->write_cache[n] ? 0x0020 : 0);
    put_word(b, 86, 0x3400);
    put_word(b, 87, d->sata ? 0x4020 : 0x4000);
    for (unsigned i = 0; i < 4; i++) {
        put_word(b, 100 + i, all >> (16 * i));
    }
}

static void identify_cd(struct ide_channel *c, uint8_t *b)
{
    identify_common(c, current(c), b);
    put_word(b, 0, 0x85c0);             /* packets of 12 bytes, removable CD, DRQ within 50 us */
}

void ide_send_buffer(struct ide_channel *c, uint32_t len)
{
    c->dma = c->write = c->packet = false;
    c->left = c->position = 0;
    c->length = c->burst_bytes = len;
    offer(c);
}

/* ---- commands ---- */

static void signature(struct ide_channel *c)
{
    bool cd = current(c)->cd;

    c->count[0] = c->lba[0][0] = 1;
    c->lba[1][0] = cd ? 0x14 : 0;
    c->lba[2][0] = cd ? 0xeb : 0;
    c->select &= 0xf0;
}

static void set_features(struct ide_channel *c)
{
    unsigned n = ide_selected(c);

    switch (c->feature[0]) {
    case 0x02:
        c->write_cache[n] = true;
        break;
    case 0x82:
        c->write_cache[n] = false;
        break;
    case 0x03:          /* transfer mode: all are as fast as each other */
    case 0x55: case 0xaa: case 0x66: case 0xcc: case 0x05: case 0x85: case 0x42: case 0xc2:
        break;
    default:
        abort_command(c);
        return;
    }
    ide_finish(c, 0);
}

static void start_packet(struct ide_channel *c)
{
    c->dma = c->feature[0] & 1;
    c->packet = true;
    c->write = false;
    c->left = c->length = c->position = 0;
    c->burst_bytes = c->lba[1][0] | c->lba[2][0] << 8;
    c->burst_bytes = c->burst_bytes ? c->burst_bytes & 0xfffe : 0xfffe;
    c->burst_bytes = MAX(c->burst_bytes, 2);
    c->burst = IDE_PACKET_BYTES;
    c->phase = IDE_PACKET;
    c->count[0] = REASON_CD;
    c->status = ST_DRDY | ST_DSC | ST_DRQ;
}

static void read_native_max(struct ide_channel *c, bool ext)
{
    uint64_t last = disk_sectors(current(c)) - 1;

    if (!ext) {
        last = MIN(last, 0x0ffffffe);
        c->select = (c->select & 0xf0) | (last >> 24 & 15);
    }
    for (unsigned i = 0; i < 3; i++) {
        c->lba[i][0] = last >> (8 * i);
        c->lba[i][1] = last >> (24 + 8 * i);
    }
    ide_finish(c, 0);
}

static void no_data(struct ide_channel *c)
{
    c->dma = c->packet = c->write = false;
}

/* Commands that disks alone have; false: unknown. */
static bool disk_command(struct ide_channel *c, uint8_t v)
{
    unsigned n = ide_selected(c), multiple = c->multiple[n];

    switch (v) {
    case 0x20: case 0x21: transfer(c, false, false, false, 1); break;
    case 0x24: transfer(c, true, false, false, 1); break;
    case 0x30: case 0x31: transfer(c, false, true, false, 1); break;
    case 0x34: transfer(c, true, true, false, 1); break;
    case 0xc4: transfer(c, false, false, false, multiple); break;
    case 0x29: transfer(c, true, false, false, multiple); break;
    case 0xc5: transfer(c, false, true, false, multiple); break;
    case 0x39: transfer(c, true, true, false, multiple); break;
    case 0xc8: case 0xc9: transfer(c, false, false, true, 1); break;
    case 0x25: transfer(c, true, false, true, 1); break;
    case 0xca: case 0xcb: transfer(c, false, true, true, 1); break;
    case 0x35: transfer(c, true, true, true, 1); break;
    case 0x40: case 0x41: case 0x42:        /* verify, seek, recalibrate: nothing moves */
    case 0x70: case 0x10:
        ide_finish(c, 0);
        break;
    case 0xec:
        identify_disk(c, c->buffer);
        ide_send_buffer(c, SECTOR);
        break;
    case 0xc6:
        if (c->count[0] > MULTIPLE_MAX || (c->count[0] & (c->count[0] - 1))) {
            abort_command(c);
        } else {
            c->multiple[n] = c->count[0];
            ide_finish(c, 0);
        }
        break;
    case 0x91:
        c->heads[n] = (c->select & 15) + 1;
        c->sectors[n] = c->count[0] ? c->count[0] : 63;
        ide_finish(c, 0);
        break;
    case 0xe7: case 0xea:
        flush(c);
        break;
    case 0xf8: read_native_max(c, false); break;
    case 0x27: read_native_max(c, true); break;
    default:
        return false;
    }
    return true;
}

static void command(struct ide_channel *c, uint8_t v)
{
    struct ide_drive *d = current(c);

    if (!d->present || (c->status & ST_BSY)) {
        return;
    }
    c->command = v;
    c->irq_level = false;
    c->error = 0;
    c->status = ST_DRDY | ST_DSC;
    no_data(c);
    ide_update(c);
    if (v == 0x08 && d->cd) {       /* device reset: no interrupt */
        signature(c);
        c->status = 0;
        c->error = 1;
    } else if (v == 0x90) {
        c->error = 1;
        signature(c);
        interrupt(c);
    } else if (d->cd && v == 0xa0) {
        start_packet(c);
    } else if (d->cd && v == 0xa1) {
        identify_cd(c, c->buffer);
        ide_send_buffer(c, SECTOR);
    } else if (v == 0xef) {
        set_features(c);
    } else if (v >= 0xe0 && v <= 0xe6) {    /* power modes */
        c->count[0] = 0xff;
        ide_finish(c, 0);
    } else if (d->cd) {
        if (v == 0xec || v == 0x20) {
            signature(c);                   /* so that a CD is told from a disk */
        }
        abort_command(c);
    } else if (!disk_command(c, v)) {
        log_guest("ide: unknown command 0x%02x", v);
        abort_command(c);
    }
}

/* ---- packets ---- */

void ide_packet_done(struct ide_channel *c)
{
    c->dma = false;
    c->bm_status &= ~BM_ACTIVE;
    ide_finish(c, 0);
}

void ide_packet_error(struct ide_channel *c, uint8_t key, uint8_t code)
{
    c->sense_key[ide_selected(c)] = key;
    c->sense_code[ide_selected(c)] = code;
    ide_finish(c, key << 4 | ER_ABRT);
}

void ide_packet_answer(struct ide_channel *c, uint32_t len)
{
    if (!len) {
        ide_packet_done(c);
        return;
    }
    c->length = len;
    c->position = 0;
    c->left = 0;
    if (c->dma) {
        bm_rewind(c);
        dma_go(c);
    } else {
        offer(c);
    }
}

void ide_packet_read(struct ide_channel *c, uint32_t sector, uint32_t count)
{
    c->sector = sector;
    c->left = count;
    c->length = 0;
    if (c->dma) {
        bm_rewind(c);
        dma_go(c);
    } else {
        read_more(c);
    }
}

/* ---- registers ---- */

/* A block of data has gone through the port. */
void ide_burst_done(struct ide_channel *c)
{
    if (c->phase == IDE_PACKET) {
        c->status = ST_BSY;
        c->phase = IDE_DISK;
        ide_packet(c, current(c));
    } else if (c->phase == IDE_PIO_OUT) {
        write_buffer(c);
    } else if (c->position < c->length) {
        offer(c);
    } else if (c->left) {
        read_more(c);
    } else {
        c->phase = IDE_IDLE;
        c->status = ST_DRDY | ST_DSC;
        if (c->packet) {
            ide_finish(c, 0);
        }
    }
}

static uint64_t data_read(struct ide_channel *c, unsigned size)
{
    uint64_t v = 0;

    if (c->phase != IDE_PIO_IN) {
        return UINT64_MAX;
    }
    size = MIN(size, c->burst - c->position);
    memcpy(&v, c->buffer + c->position, size);
    c->position += size;
    if (c->position == c->burst) {
        ide_burst_done(c);
    }
    return GUINT64_FROM_LE(v);
}

static void data_write(struct ide_channel *c, unsigned size, uint64_t v)
{
    if (c->phase != IDE_PIO_OUT && c->phase != IDE_PACKET) {
        return;
    }
    v = GUINT64_TO_LE(v);
    size = MIN(size, c->burst - c->position);
    memcpy(c->buffer + c->position, &v, size);
    c->position += size;
    if (c->position == c->burst) {
        ide_burst_done(c);
    }
}

uint64_t ide_read(struct ide_channel *c, unsigned reg, unsigned size)
{
    unsigned hob = c->control & CTL_HOB ? 1 : 0;

    if (!c->drive[0].present && !c->drive[1].present) {
        return reg == 7 ? 0 : UINT64_MAX;
    }
    switch (reg) {
    case 0:
        return data_read(c, size);
    case 1:
        return c->error;
    case 2:
        return c->count[hob];
    case 3: case 4: case 5:
        return c->lba[reg - 3][hob];
    case 6:
        return c->select | 0xa0;
    default:
        c->irq_level = false;
        ide_update(c);
        return current(c)->present ? c->status : 0;
    }
}

static void push(uint8_t reg[2], uint8_t v)
{
    reg[1] = reg[0];
    reg[0] = v;
}

void ide_write(struct ide_channel *c, unsigned reg, unsigned size, uint64_t v)
{
    if (reg && reg != 7 && (c->status & (ST_BSY | ST_DRQ))) {
        return;         /* the task file belongs to the drive */
    }
    c->control &= reg ? ~CTL_HOB : 0xff;
    switch (reg) {
    case 0:
        data_write(c, size, v);
        break;
    case 1:
        push(c->feature, v);
        break;
    case 2:
        push(c->count, v);
        break;
    case 3: case 4: case 5:
        push(c->lba[reg - 3], v);
        break;
    case 6:
        c->select = v;
        break;
    default:
        command(c, v);
    }
}

uint8_t ide_read_control(struct ide_channel *c)
{
    if (!c->drive[0].present && !c->drive[1].present) {
        return 0;
    }
    return current(c)->present ? c->status : 0;
}

static void forget_request(struct ide_channel *c)
{
    if (c->request) {
        c->request->c = NULL;
        c->request = NULL;
    }
    c->phase = IDE_IDLE;
}

void ide_port_reset(struct ide_channel *c)
{
    forget_request(c);
    c->select = 0;
    signature(c);
    c->error = 1;
    c->packet = c->dma = c->write = false;
    c->status = !c->drive[0].present ? 0x7f : c->drive[0].cd ? 0 : ST_DRDY | ST_DSC;
}

void ide_write_control(struct ide_channel *c, uint8_t v)
{
    uint8_t old = c->control;

    c->control = v;
    if (v & ~old & CTL_SRST) {
        forget_request(c);
        c->status = ST_BSY;
    } else if (old & ~v & CTL_SRST) {
        c->select = 0;
        signature(c);
        c->error = 1;
        c->status = current(c)->cd ? 0 : ST_DRDY | ST_DSC;
        c->irq_level = false;
    }
    ide_update(c);
}

/* ---- bus-master registers ---- */

uint64_t ide_bm_read(struct ide_channel *c, unsigned offset, unsigned size)
{
    switch (offset) {
    case 0:
        return c->bm_command;
    case 2:
        return c->bm_status;
    case 4: case 5: case 6: case 7:
        return c->bm_table >> (8 * (offset - 4));
    default:
        return 0xff;
    }
}

static void bm_start(struct ide_channel *c, uint8_t v)
{
    bool started = v & ~c->bm_command & BM_START;

    c->bm_command = v & (BM_START | BM_TO_MEMORY);
    if (started) {
        bm_rewind(c);
        c->bm_status |= BM_ACTIVE;
        if (c->phase == IDE_DMA_WAIT) {
            dma_go(c);
        }
    } else if (!(v & BM_START)) {
        c->bm_status &= ~BM_ACTIVE;
    }
}

void ide_bm_write(struct ide_channel *c, unsigned offset, unsigned size, uint64_t v)
{
    if (offset == 0) {
        bm_start(c, v);
    } else if (offset == 2) {
        c->bm_status = (c->bm_status & ~(v & (BM_INT | BM_ERROR)) & ~0x60) | (v & 0x60);
    } else if (offset == 4) {
        c->bm_table = v & ~3u;
    }
}

/* ---- life ---- */

void ide_init(struct ide_channel *c, struct device *owner, struct address_space *as)
{
    c->owner = owner;
    c->as = as;
}

void ide_attach(struct ide_channel *c, unsigned n, struct block_backend *be, bool cd, unsigned number)
{
    struct ide_drive *d = &c->drive[n];

    d->be = be;
    d->present = true;
    d->cd = cd;
    g_snprintf(d->serial, sizeof(d->serial), "DP%05u", number + 1);
    g_strlcpy(d->model, cd ? "QEMU DVD-ROM" : "QEMU HARDDISK", sizeof(d->model));
}

void ide_detach(struct ide_channel *c)
{
    forget_request(c);
}

void ide_reset(struct ide_channel *c)
{
    forget_request(c);
    c->select = c->control = c->command = 0;
    c->error = 1;
    c->irq_level = c->dma = c->write = c->packet = false;
    c->bm_command = c->bm_status = 0;
    c->bm_table = 0;
    c->left = c->position = c->burst = c->length = 0;
    for (unsigned n = 0; n < IDE_DRIVES; n++) {
        c->multiple[n] = MULTIPLE_MAX;
        c->heads[n] = 16;
        c->sectors[n] = 63;
        c->sense_key[n] = c->sense_code[n] = 0;
        c->write_cache[n] = true;
    }
    signature(c);
    c->status = c->drive[0].present && !c->drive[0].cd ? ST_DRDY | ST_DSC : 0;
}
