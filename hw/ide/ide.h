/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ATA and ATAPI drives on a parallel channel: task file, PIO and bus-master DMA (ATA/ATAPI-6, T13/1410D; SFF 8038i;
 * SFF 8020i and MMC-5 for CDs). The channel is a part of its controller's device. Everything runs under the machine lock
 * except completions of the disk, which take it.
 */
#ifndef HW_IDE_IDE_H
#define HW_IDE_IDE_H

#include "block/block.h"
#include "system/device.h"

#define IDE_DRIVES 2
#define IDE_BUFFER_BYTES (256 * 512)
#define IDE_PACKET_BYTES 12

struct ide_channel;
struct ide_request;

struct ide_drive {
    struct block_backend *be;       /* NULL: not there, or for a CD no medium */
    bool present, cd, sata;
    char serial[21], model[41];
};

/* How a controller that is not a bus master of SFF 8038i takes part; NULL members are not allowed. */
struct ide_port_ops {
    /* DMA between a part of buffer and memory; false: the guest's description of the memory is too short. */
    bool (*copy)(struct ide_channel *c, bool to_memory, uint8_t *data, uint32_t len);
    /* Where a parallel channel raises its interrupt: a command has ended, or data is to go (c->phase). */
    void (*event)(struct ide_channel *c);
};

/* What the transfer under way waits for. */
enum ide_phase { IDE_IDLE, IDE_PIO_IN, IDE_PIO_OUT, IDE_PACKET, IDE_DISK, IDE_DMA_WAIT };

struct ide_channel {
    /* registers; [1] of the 48-bit ones is the previous value */
    uint8_t feature[2], count[2], lba[3][2], select, status, error, control;
    uint8_t command;
    bool irq_level;
    /* settings of the drives */
    uint8_t multiple[IDE_DRIVES];   /* sectors for each interrupt of READ/WRITE MULTIPLE; 0: off */
    uint8_t heads[IDE_DRIVES], sectors[IDE_DRIVES];
    uint8_t sense_key[IDE_DRIVES], sense_code[IDE_DRIVES];
    bool write_cache[IDE_DRIVES];
    /* the transfer under way */
    uint8_t phase;                  /* enum ide_phase */
    bool dma, write, packet;
    uint64_t sector;                /* of the disk (512 bytes; CD: 2048), the next to go */
    uint32_t left;                  /* sectors still to go after what is in buffer */
    uint32_t position, burst, length;   /* in buffer: next byte, end of this block of data, end of all */
    uint32_t burst_bytes;           /* of a block of data: what goes between two interrupts */
    uint8_t buffer[IDE_BUFFER_BYTES];
    /* bus master: registers, and where in the table it is */
    uint8_t bm_command, bm_status;
    uint32_t bm_table, bm_entry, bm_addr, bm_bytes;
    bool bm_last;
    /* host */
    struct device *owner;
    struct ide_drive drive[IDE_DRIVES];
    struct irq_line irq;
    struct address_space *as;       /* of bus-master DMA */
    struct ide_request *request;
    const struct ide_port_ops *ops; /* NULL: a parallel channel with a bus master */
};

#define IDE_STATE(type, f) \
    FIELD_BYTES(type, f.feature), FIELD_BYTES(type, f.count), FIELD_BYTES(type, f.lba), FIELD(type, f.select), \
    FIELD(type, f.status), FIELD(type, f.error), FIELD(type, f.control), FIELD(type, f.command), FIELD(type, f.irq_level), \
    FIELD_BYTES(type, f.multiple), FIELD_BYTES(type, f.heads), FIELD_BYTES(type, f.sectors), \
    FIELD_BYTES(type, f.sense_key), FIELD_BYTES(type, f.sense_code), FIELD_BYTES(type, f.write_cache), \
    FIELD(type, f.phase), FIELD(type, f.dma), FIELD(type, f.write), FIELD(type, f.packet), FIELD(type, f.sector), \
    FIELD(type, f.left), FIELD(type, f.position), FIELD(type, f.burst), FIELD(type, f.length), \
    FIELD(type, f.burst_bytes), FIELD_BYTES(type, f.buffer), FIELD(type, f.bm_command), FIELD(type, f.bm_status), \
    FIELD(type, f.bm_table), FIELD(type, f.bm_entry), FIELD(type, f.bm_addr), FIELD(type, f.bm_bytes), \
    FIELD(type, f.bm_last)
#define IDE_HOST(type, f) \
    HOST(type, f.owner), HOST(type, f.drive), HOST(type, f.irq), HOST(type, f.as), HOST(type, f.request), \
    HOST(type, f.ops)

/* be may be NULL for a CD drive without a medium. */
void ide_attach(struct ide_channel *c, unsigned n, struct block_backend *be, bool cd, unsigned number);
void ide_init(struct ide_channel *c, struct device *owner, struct address_space *as);
/* Nothing more comes after it. */
void ide_detach(struct ide_channel *c);
void ide_reset(struct ide_channel *c);
void ide_update(struct ide_channel *c);

/* Command block registers 0 to 7, and the control block's one. */
uint64_t ide_read(struct ide_channel *c, unsigned reg, unsigned size);
void ide_write(struct ide_channel *c, unsigned reg, unsigned size, uint64_t v);
uint8_t ide_read_control(struct ide_channel *c);
void ide_write_control(struct ide_channel *c, uint8_t v);
/* The channel's eight bus-master registers. */
uint64_t ide_bm_read(struct ide_channel *c, unsigned offset, unsigned size);
void ide_bm_write(struct ide_channel *c, unsigned offset, unsigned size, uint64_t v);

/* For a controller with ops: the block of data up to burst has been moved; a page of len bytes in buffer is the answer to
 * a read by PIO; the command ends with this error register. */
void ide_burst_done(struct ide_channel *c);
void ide_send_buffer(struct ide_channel *c, uint32_t len);
void ide_finish(struct ide_channel *c, uint8_t error);
/* A device's registers after a reset of its port, and its signature there. Forgets what is under way. */
void ide_port_reset(struct ide_channel *c);

/* atapi.c: a packet has come; the answer goes to buffer, or reading starts. */
void ide_packet(struct ide_channel *c, struct ide_drive *d);

/* ide.c, for atapi.c: the answer is the first len bytes of buffer; no data; sense data; a read from the medium. */
void ide_packet_answer(struct ide_channel *c, uint32_t len);
void ide_packet_done(struct ide_channel *c);
void ide_packet_error(struct ide_channel *c, uint8_t key, uint8_t code);
void ide_packet_read(struct ide_channel *c, uint32_t sector, uint32_t count);

static inline unsigned ide_selected(const struct ide_channel *c)
{
    return c->select >> 4 & 1;
}

#endif
