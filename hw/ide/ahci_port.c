/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A port of the AHCI controller: its registers, command list and received FISes (AHCI 1.3.1, chapters 3.3, 4 and 5). */
#include <string.h>

#include "hw/ide/ahci.h"
#include "system/machine.h"
#include "util/log.h"

enum { CLB = 0x00, CLBU = 0x04, FB = 0x08, FBU = 0x0c, IS = 0x10, IE = 0x14, CMD = 0x18, TFD = 0x20, SIG = 0x24, SSTS = 0x28,
       SCTL = 0x2c, SERR = 0x30, SACT = 0x34, CI = 0x38 };
enum { CMD_ST = 1 << 0, CMD_SUD = 1 << 1, CMD_POD = 1 << 2, CMD_CLO = 1 << 3, CMD_FRE = 1 << 4, CMD_CCS = 0x1f << 8,
       CMD_FR = 1 << 14, CMD_CR = 1 << 15, CMD_ATAPI = 1 << 24 };
#define CMD_ICC 0xf0000000u
#define SSTS_UP 0x113               /* device there, generation 1, active */
#define SERR_EXCHANGED (1u << 26)
#define SIG_NONE 0xffffffffu
enum { ST_ERR = 1, ST_DRQ = 8, ST_BSY = 0x80 };
enum { FIS_H2D = 0x27, FIS_D2H = 0x34, FIS_PIO = 0x5f, FIS_SDB = 0xa1, FIS_I = 0x40, FIS_COMMAND = 0x80 };
/* Where FISes are received, by kind. */
enum { RX_PIO = 0x20, RX_D2H = 0x40, RX_SDB = 0x58 };
enum { HEADER_BYTES = 32, TABLE_PACKET = 0x40, TABLE_PRDT = 0x80, PRD_BYTES = 16, FIS_BYTES = 20 };
enum { HEADER_CLEAR_BUSY = 1 << 10 };
enum { ATA_READ_LOG = 0x2f, ATA_PACKET = 0xa0, LOG_QUEUED_ERROR = 0x10, LOG_BYTES = 512 };

static struct address_space *as_of(struct ahci_port *p)
{
    return &p->hba->pci.as;
}

static bool has_drive(const struct ahci_port *p)
{
    return p->ide.drive[0].present;
}

/* ---- memory of a command ---- */

static uint64_t header_of(const struct ahci_port *p, unsigned slot)
{
    return (p->list & ~0x3ffull) + slot * HEADER_BYTES;
}

static uint32_t header_word(struct ahci_port *p, unsigned slot, unsigned n)
{
    return as_ld32le(as_of(p), header_of(p, slot) + 4 * n, MEM_ATTRS_NONE, NULL);
}

static uint64_t table_of(struct ahci_port *p, unsigned slot)
{
    return (header_word(p, slot, 2) & ~0x7fu) | (uint64_t)header_word(p, slot, 3) << 32;
}

bool ahci_copy(struct ahci_port *p, unsigned slot, uint32_t *prd, uint32_t *at, bool to_memory, uint8_t *data,
               uint32_t len)
{
    uint32_t regions = header_word(p, slot, 0) >> 16;
    uint64_t table = table_of(p, slot) + TABLE_PRDT;

    while (len) {
        uint64_t entry = table + (uint64_t)*prd * PRD_BYTES, addr;
        uint32_t bytes, n;

        if (*prd >= regions) {
            return false;
        }
        addr = as_ld64le(as_of(p), entry, MEM_ATTRS_NONE, NULL) & ~1ull;
        bytes = (as_ld32le(as_of(p), entry + 12, MEM_ATTRS_NONE, NULL) & 0x3fffff) + 1;
        if (*at >= bytes) {         /* the guest has changed the table meanwhile, or the region is done */
            *at = 0;
            ++*prd;
            continue;
        }
        n = MIN(len, bytes - *at);
        if (to_memory) {
            as_write(as_of(p), addr + *at, data, n, MEM_ATTRS_NONE);
        } else {
            as_read(as_of(p), addr + *at, data, n, MEM_ATTRS_NONE);
        }
        data += n;
        len -= n;
        *at += n;
    }
    return true;
}

void ahci_put_count(struct ahci_port *p, unsigned slot, uint32_t bytes)
{
    as_st32le(as_of(p), header_of(p, slot) + 4, bytes, MEM_ATTRS_NONE);
}

/* ---- received FISes ---- */

static void receive(struct ahci_port *p, unsigned where, const uint8_t *fis, unsigned len)
{
    if (p->cmd & CMD_FRE) {
        as_write(as_of(p), (p->fis & ~0xffull) + where, fis, len, MEM_ATTRS_NONE);
    }
}

static void put_registers(const struct ahci_port *p, uint8_t *fis)
{
    const struct ide_channel *c = &p->ide;

    fis[2] = c->status;
    fis[3] = c->error;
    for (unsigned i = 0; i < 3; i++) {
        fis[4 + i] = c->lba[i][0];
        fis[8 + i] = c->lba[i][1];
    }
    fis[7] = c->select;
    fis[12] = c->count[0];
    fis[13] = c->count[1];
}

static void set_task_file(struct ahci_port *p)
{
    p->tf_status = p->ide.status;
    p->tf_error = p->ide.error;
}

static void device_to_host(struct ahci_port *p, bool interrupt)
{
    uint8_t fis[FIS_BYTES] = { FIS_D2H, interrupt ? FIS_I : 0 };

    put_registers(p, fis);
    receive(p, RX_D2H, fis, sizeof(fis));
    set_task_file(p);
    if (p->ide.status & ST_ERR) {
        ahci_raise(p, AHCI_IS_TFE);
    }
    if (interrupt) {
        ahci_raise(p, AHCI_IS_DHR);
    }
}

static void pio_setup(struct ahci_port *p, bool to_host, uint32_t bytes)
{
    uint8_t fis[FIS_BYTES] = { FIS_PIO, FIS_I | (to_host ? 0x20 : 0) };

    put_registers(p, fis);
    fis[15] = p->ide.status & ~ST_DRQ;
    fis[16] = bytes;
    fis[17] = bytes >> 8;
    receive(p, RX_PIO, fis, sizeof(fis));
    set_task_file(p);
}

void ahci_device_bits(struct ahci_port *p, uint32_t tags, uint8_t error)
{
    uint8_t status = 0x40 | (error ? ST_ERR : 0), fis[8] = { FIS_SDB, FIS_I, status, error };

    pci_put32(fis + 4, tags);
    receive(p, RX_SDB, fis, sizeof(fis));
    p->tf_status = (p->tf_status & 0x88) | status;
    p->tf_error = error;
    p->sact &= ~tags;
    ahci_raise(p, AHCI_IS_SDB | (error ? AHCI_IS_TFE : 0));
}

/* The FIS that a device sends after a reset. */
static void send_signature(struct ahci_port *p)
{
    struct ide_channel *c = &p->ide;

    if (has_drive(p)) {
        p->sig = c->count[0] | c->lba[0][0] << 8 | c->lba[1][0] << 16 | (uint32_t)c->lba[2][0] << 24;
        device_to_host(p, false);
    }
}

/* ---- commands ---- */

static void command_done(struct ahci_port *p)
{
    unsigned slot = p->slot;
    bool failed = p->ide.status & ST_ERR;

    p->slot = -1;
    ahci_put_count(p, slot, p->moved);
    if (failed) {
        p->halted = true;       /* the command stays issued, so that software sees which one it was */
    } else {
        p->ci &= ~(1u << slot);
    }
    if (failed || !p->pio_in) {
        device_to_host(p, true);
    } else {
        set_task_file(p);
        ahci_raise(p, AHCI_IS_PS);
    }
}

static bool take_packet(struct ahci_port *p)
{
    struct ide_channel *c = &p->ide;

    as_read(as_of(p), table_of(p, p->slot) + TABLE_PACKET, c->buffer, IDE_PACKET_BYTES, MEM_ATTRS_NONE);
    c->position = c->burst;
    ide_burst_done(c);
    return true;
}

/* A block of data by PIO, which for us is DMA with other FISes. */
static void move_block(struct ahci_port *p)
{
    struct ide_channel *c = &p->ide;
    uint32_t len = c->burst - c->position;
    bool to_host = c->phase == IDE_PIO_IN;

    p->pio_in = to_host && !c->packet;
    pio_setup(p, to_host, len);
    if (!ahci_copy(p, p->slot, &p->prd, &p->prd_at, to_host, c->buffer + c->position, len)) {
        ahci_raise(p, AHCI_IS_OF);
        p->pio_in = false;
        ide_finish(c, 4);
        return;
    }
    p->moved += len;
    c->position = c->burst;
    ide_burst_done(c);
}

static void soft_reset(struct ahci_port *p, uint8_t control)
{
    if (control & 4) {
        p->in_reset = true;
    } else if (p->in_reset) {
        p->in_reset = false;
        ide_port_reset(&p->ide);
        send_signature(p);
    }
}

static void load_task_file(struct ide_channel *c, const uint8_t *fis)
{
    c->feature[0] = fis[3];
    c->feature[1] = fis[11];
    for (unsigned i = 0; i < 3; i++) {
        c->lba[i][0] = fis[4 + i];
        c->lba[i][1] = fis[8 + i];
    }
    c->select = fis[7] & ~0x10;     /* a serial port has drive 0 alone */
    c->count[0] = fis[12];
    c->count[1] = fis[13];
}

/* The log page about the queued command that failed (ACS-3, 9.11). */
static void queued_error_log(struct ahci_port *p)
{
    struct ide_channel *c = &p->ide;
    uint8_t *b = c->buffer, sum = 0;

    memset(b, 0, LOG_BYTES);
    b[0] = p->failed_tag;
    b[2] = 0x41;
    b[3] = p->failed_error;
    for (unsigned i = 0; i < 3; i++) {
        b[4 + i] = p->failed_sector >> (8 * i);
        b[8 + i] = p->failed_sector >> (24 + 8 * i);
    }
    b[7] = 0x40;
    for (unsigned i = 0; i < LOG_BYTES - 1; i++) {
        sum += b[i];
    }
    b[LOG_BYTES - 1] = -sum;
    c->error = 0;
    ide_send_buffer(c, LOG_BYTES);
}

static bool is_queued(uint8_t command)
{
    return command == 0x60 || command == 0x61;
}

/* Slot's FIS goes to the device. */
static void start(struct ahci_port *p, unsigned slot)
{
    uint32_t header = header_word(p, slot, 0);
    uint8_t fis[64];

    as_read(as_of(p), table_of(p, slot), fis, sizeof(fis), MEM_ATTRS_NONE);
    p->slot = slot;
    p->moved = p->prd = p->prd_at = 0;
    p->pio_in = false;
    p->cmd = (p->cmd & ~CMD_CCS) | slot << 8;
    if (fis[0] != FIS_H2D || (fis[1] & 0xf)) {
        log_guest("ahci: port %u: FIS 0x%02x for port multiplier port %u", p->number, fis[0], fis[1] & 0xf);
        p->slot = -1;
        p->halted = true;
        ahci_raise(p, AHCI_IS_HBF);
    } else if (!(fis[1] & FIS_COMMAND)) {
        soft_reset(p, fis[15]);
        if (header & HEADER_CLEAR_BUSY) {
            p->tf_status &= ~(ST_BSY | ST_DRQ);
        }
        p->slot = -1;
        p->ci &= ~(1u << slot);
    } else if (is_queued(fis[2])) {
        p->slot = -1;
        p->ci &= ~(1u << slot);
        if (!ahci_queued_start(p, slot, fis)) {
            p->halted = true;
        }
    } else {
        load_task_file(&p->ide, fis);
        if (fis[2] == ATA_READ_LOG && fis[4] == LOG_QUEUED_ERROR && !p->ide.drive[0].cd) {
            queued_error_log(p);
        } else {
            ide_write(&p->ide, 7, 1, fis[2]);
        }
    }
}

static bool can_start(const struct ahci_port *p)
{
    return (p->cmd & CMD_ST) && !p->halted && p->slot < 0 && p->ci && has_drive(p) &&
           !(p->tf_status & (ST_BSY | ST_DRQ)) && (p->hba->pci.config[PCI_COMMAND] & PCI_COMMAND_MASTER);
}

static void start_next(struct ahci_port *p)
{
    for (unsigned i = 0; i < AHCI_SLOTS; i++) {
        unsigned slot = (p->next_slot + i) % AHCI_SLOTS;

        if (p->ci >> slot & 1) {
            p->next_slot = (slot + 1) % AHCI_SLOTS;
            start(p, slot);
            return;
        }
    }
}

/* Does what can be done now. Each turn moves data, ends a command or starts one, so it comes to an end: the drive's buffer
 * is bounded, and issued commands grow fewer. */
static void run(struct ahci_port *p)
{
    if (p->running) {
        return;
    }
    p->running = true;
    for (;;) {
        if (p->slot < 0) {
            if (!can_start(p)) {
                break;
            }
            start_next(p);
        } else if (p->ide.phase == IDE_PACKET) {
            take_packet(p);
        } else if (p->ide.phase == IDE_PIO_IN || p->ide.phase == IDE_PIO_OUT) {
            move_block(p);
        } else if (p->ide.phase == IDE_IDLE) {
            command_done(p);
        } else {
            set_task_file(p);       /* the disk works */
            break;
        }
    }
    p->running = false;
}

/* ---- what the drive calls ---- */

static struct ahci_port *port_of(struct ide_channel *c)
{
    return (struct ahci_port *)((uint8_t *)c - offsetof(struct ahci_port, ide));
}

static bool copy(struct ide_channel *c, bool to_memory, uint8_t *data, uint32_t len)
{
    struct ahci_port *p = port_of(c);

    if (p->slot < 0 || !ahci_copy(p, p->slot, &p->prd, &p->prd_at, to_memory, data, len)) {
        ahci_raise(p, AHCI_IS_OF);
        return false;
    }
    p->moved += len;
    return true;
}

static void event(struct ide_channel *c)
{
    run(port_of(c));
}

static const struct ide_port_ops port_ops = { .copy = copy, .event = event };

/* ---- registers ---- */

static void forget(struct ahci_port *p)
{
    ahci_queued_forget(p);
    ide_port_reset(&p->ide);
    p->slot = -1;
    p->halted = p->in_reset = false;
    p->ci = p->sact = 0;
}

/* COMRESET: the link comes up again at once. */
static void link_reset(struct ahci_port *p)
{
    forget(p);
    p->tf_status = 0x7f;
    p->tf_error = 0;
    p->sig = SIG_NONE;
    if (has_drive(p)) {
        p->serr |= SERR_EXCHANGED;
        send_signature(p);
        ahci_raise(p, AHCI_IS_PC);
    }
}

static void write_cmd(struct ahci_port *p, uint32_t v)
{
    uint32_t old = p->cmd, kept = CMD_ST | CMD_SUD | CMD_POD | CMD_FRE | CMD_ATAPI;

    p->cmd = (old & ~(kept | CMD_FR | CMD_CR)) | (v & kept);
    p->cmd |= (v & CMD_FRE ? CMD_FR : 0) | (v & CMD_ST ? CMD_CR : 0);
    if ((v & CMD_CLO) && !(old & CMD_ST)) {
        p->tf_status &= ~(ST_BSY | ST_DRQ);
    }
    if (old & ~v & CMD_ST) {
        ahci_queued_forget(p);
        if (p->slot >= 0) {
            ide_port_reset(&p->ide);
        }
        p->slot = -1;
        p->halted = false;
        p->ci = p->sact = 0;
        p->cmd &= ~CMD_CCS;
        p->next_slot = 0;
    }
    if ((v & ~old & CMD_FRE) && p->sig == SIG_NONE) {
        send_signature(p);
    }
    run(p);
}

uint32_t ahci_port_read(struct ahci_port *p, unsigned offset)
{
    switch (offset) {
    case CLB: return p->list;
    case CLBU: return p->list >> 32;
    case FB: return p->fis;
    case FBU: return p->fis >> 32;
    case IS: return p->is;
    case IE: return p->ie;
    case CMD: return p->cmd;
    case TFD: return p->tf_status | p->tf_error << 8;
    case SIG: return p->sig;
    case SSTS: return has_drive(p) ? SSTS_UP : 0;
    case SCTL: return p->sctl;
    case SERR: return p->serr;
    case SACT: return p->sact;
    case CI: return p->ci;
    default: return 0;
    }
}

static uint64_t with_half(uint64_t old, bool high, uint32_t v)
{
    return high ? (old & UINT32_MAX) | (uint64_t)v << 32 : (old & ~(uint64_t)UINT32_MAX) | v;
}

void ahci_port_write(struct ahci_port *p, unsigned offset, uint32_t v)
{
    switch (offset) {
    case CLB: p->list = with_half(p->list, false, v & ~0x3ffu); break;
    case CLBU: p->list = with_half(p->list, true, v); break;
    case FB: p->fis = with_half(p->fis, false, v & ~0xffu); break;
    case FBU: p->fis = with_half(p->fis, true, v); break;
    case IS: p->is &= ~v; break;
    case IE: p->ie = v & AHCI_IS_ALL; break;
    case CMD: write_cmd(p, v); break;
    case SCTL:
        if ((p->sctl & 15) == 1 && (v & 15) == 0) {
            link_reset(p);
        }
        p->sctl = v & 0xfff;
        break;
    case SERR: p->serr &= ~v; break;
    case SACT:
        if (p->cmd & CMD_ST) {
            p->sact |= v;
        }
        break;
    case CI:
        if (p->cmd & CMD_ST) {
            p->ci |= v;
            run(p);
        }
        break;
    default:
        log_guest("ahci: port %u: write to register 0x%02x", p->number, offset);
    }
    ahci_update(p->hba);
}

/* ---- life ---- */

void ahci_port_reset(struct ahci_port *p)
{
    ide_reset(&p->ide);
    forget(p);
    p->list = p->fis = 0;
    p->is = p->ie = p->sctl = 0;
    p->cmd = CMD_SUD | CMD_POD;
    p->tf_status = 0x7f;
    p->tf_error = p->next_slot = 0;
    p->sig = SIG_NONE;
    p->serr = has_drive(p) ? SERR_EXCHANGED : 0;
    p->moved = p->prd = p->prd_at = 0;
    p->pio_in = false;
    p->failed_tag = p->failed_error = 0;
    p->failed_sector = 0;
}

void ahci_port_init(struct ahci_port *p, struct ahci *s, unsigned number)
{
    p->hba = s;
    p->number = number;
    ide_init(&p->ide, &s->pci.dev, &s->pci.as);
    p->ide.ops = &port_ops;
}

void ahci_port_detach(struct ahci_port *p)
{
    ahci_queued_forget(p);
    ide_detach(&p->ide);
}
