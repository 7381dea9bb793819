/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Native command queuing: READ and WRITE FPDMA QUEUED (ACS-3, 7.29 and 7.68). Commands run side by side, each with a
 * buffer of its own that holds a part of its data; the guest's memory is touched under the machine lock only.
 */
#include "hw/ide/ahci.h"
#include "system/machine.h"
#include "util/log.h"

#define SECTOR 512
#define PART_BYTES (256u << 10)

enum { ER_ABRT = 4, ER_IDNF = 0x10, ER_UNC = 0x40 };

struct ahci_queued {
    struct ahci_port *port;         /* NULL: nobody waits any more */
    struct machine *m;
    unsigned slot;
    bool write;
    uint64_t sector;                /* of the part under way */
    uint32_t left;                  /* sectors, with that part */
    uint32_t prd, prd_at, moved;
    struct iovec iov;
    uint8_t data[];
};

static void drop(struct ahci_queued *q)
{
    q->port->queued[q->slot] = NULL;
    g_free(q);
}

static void failed(struct ahci_port *p, unsigned slot, uint64_t sector, uint8_t error)
{
    p->failed_tag = slot;
    p->failed_error = error;
    p->failed_sector = sector;
    p->halted = true;
    ahci_device_bits(p, 0, error);
}

static void completed(void *opaque, int ret);

static void go(struct ahci_queued *q)
{
    struct ahci_port *p = q->port;
    struct block_backend *be = p->ide.drive[0].be;

    q->iov = (struct iovec) { q->data, MIN(PART_BYTES, q->left * (uint64_t)SECTOR) };
    if (!q->write) {
        block_readv(be, q->sector * SECTOR, &q->iov, 1, completed, q);
    } else if (ahci_copy(p, q->slot, &q->prd, &q->prd_at, false, q->data, q->iov.iov_len)) {
        block_writev(be, q->sector * SECTOR, &q->iov, 1, completed, q);
    } else {
        ahci_raise(p, AHCI_IS_OF);
        failed(p, q->slot, q->sector, ER_ABRT);
        drop(q);
    }
}

static void part_done(struct ahci_queued *q, int ret)
{
    struct ahci_port *p = q->port;

    if (ret) {
        failed(p, q->slot, q->sector, q->write ? ER_ABRT : ER_UNC);
        drop(q);
        return;
    }
    if (!q->write && !ahci_copy(p, q->slot, &q->prd, &q->prd_at, true, q->data, q->iov.iov_len)) {
        ahci_raise(p, AHCI_IS_OF);
        failed(p, q->slot, q->sector, ER_ABRT);
        drop(q);
        return;
    }
    q->moved += q->iov.iov_len;
    q->sector += q->iov.iov_len / SECTOR;
    q->left -= q->iov.iov_len / SECTOR;
    if (q->left) {
        go(q);
        return;
    }
    ahci_put_count(p, q->slot, q->moved);
    ahci_device_bits(p, 1u << q->slot, 0);
    drop(q);
}

static void completed(void *opaque, int ret)
{
    struct ahci_queued *q = opaque;
    struct machine *m = q->m;

    machine_lock(m);
    if (q->port) {
        part_done(q, ret);
    } else {
        g_free(q);
    }
    machine_unlock(m);
}

bool ahci_queued_start(struct ahci_port *p, unsigned slot, const uint8_t *fis)
{
    struct ide_drive *d = &p->ide.drive[0];
    uint64_t sector = fis[4] | fis[5] << 8 | (uint64_t)fis[6] << 16 | (uint64_t)fis[8] << 24 | (uint64_t)fis[9] << 32 |
                      (uint64_t)fis[10] << 40, all = d->be ? block_length(d->be) / SECTOR : 0;
    uint32_t n = fis[3] | fis[11] << 8;
    bool write = fis[2] == 0x61;
    struct ahci_queued *q;

    n = n ? n : 0x10000;
    if (fis[12] >> 3 != slot || d->cd || !d->be || (write && block_is_read_only(d->be)) || p->queued[slot]) {
        log_guest("ahci: port %u: queued command in slot %u: tag %u, or the drive takes none", p->number, slot, fis[12] >> 3);
        failed(p, slot, sector, ER_ABRT);
        return false;
    }
    if (sector >= all || n > all - sector) {
        failed(p, slot, sector, ER_IDNF);
        return false;
    }
    q = g_malloc(sizeof(*q) + MIN(PART_BYTES, n * (uint64_t)SECTOR));
    *q = (struct ahci_queued) { .port = p, .m = p->hba->pci.dev.m, .slot = slot, .write = write, .sector = sector, .left = n };
    p->queued[slot] = q;
    go(q);
    return true;
}

void ahci_queued_forget(struct ahci_port *p)
{
    for (unsigned i = 0; i < AHCI_SLOTS; i++) {
        if (p->queued[i]) {
            p->queued[i]->port = NULL;
            p->queued[i] = NULL;
        }
    }
}
