/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Malformed descriptor chains on a virtio-rng at the last virtio-mmio slot: loops, indices and buffers that are nowhere,
 * nested tables. The device asks for a reset or leaves the chain; after a reset it works again (Virtio 1.2, 2.1.2 and 2.7).
 */
// run: -global virtio-mmio.force-legacy=false -device virtio-rng-device
#include "rt.h"

#define SLOT 0x10008000ul
enum { MAGIC = 0x00, DEVICE_ID = 0x08, FEATURES_SEL = 0x14, DRIVER_FEATURES = 0x20, DRIVER_FEATURES_SEL = 0x24, QUEUE_SEL = 0x30,
       QUEUE_NUM = 0x38, QUEUE_READY = 0x44, QUEUE_NOTIFY = 0x50, STATUS = 0x70, QUEUE_DESC = 0x80, QUEUE_AVAIL = 0x90,
       QUEUE_USED = 0xa0 };
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };
enum { NEXT = 1, WRITABLE = 2, INDIRECT = 4 };
enum { ENTRIES = 8, F_INDIRECT = 28 };

struct descriptor {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};
static volatile struct descriptor table[ENTRIES] __attribute__((aligned(16))), inner[ENTRIES] __attribute__((aligned(16)));
static volatile struct {
    uint16_t flags, idx, ring[ENTRIES];
} avail __attribute__((aligned(4)));
static volatile struct {
    uint16_t flags, idx;
    struct {
        uint32_t id, len;
    } ring[ENTRIES];
} used __attribute__((aligned(4)));
static volatile uint8_t buffer[64];

static uint32_t reg(unsigned offset)
{
    return *(volatile uint32_t *)(SLOT + offset);
}

static void set_reg(unsigned offset, uint32_t v)
{
    *(volatile uint32_t *)(SLOT + offset) = v;
}

static void set_address(unsigned offset, volatile void *p)
{
    set_reg(offset, (ulong)p);
    set_reg(offset + 4, (uint64_t)(ulong)p >> 32);
}

static void start(void)
{
    set_reg(STATUS, 0);
    while (reg(STATUS)) {
    }
    set_reg(STATUS, ACKNOWLEDGE);
    set_reg(STATUS, ACKNOWLEDGE | DRIVER);
    set_reg(DRIVER_FEATURES_SEL, 0);
    set_reg(DRIVER_FEATURES, 1u << F_INDIRECT);
    set_reg(DRIVER_FEATURES_SEL, 1);
    set_reg(DRIVER_FEATURES, 1);        /* VERSION_1 */
    set_reg(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    CHECK(reg(STATUS) & FEATURES_OK);
    avail.flags = avail.idx = used.flags = used.idx = 0;
    for (unsigned i = 0; i < ENTRIES; i++) {
        table[i] = inner[i] = (struct descriptor) { (ulong)buffer, sizeof(buffer), WRITABLE, 0 };
        avail.ring[i] = 0;
    }
    set_reg(QUEUE_SEL, 0);
    set_reg(QUEUE_NUM, ENTRIES);
    set_address(QUEUE_DESC, table);
    set_address(QUEUE_AVAIL, &avail);
    set_address(QUEUE_USED, &used);
    set_reg(QUEUE_READY, 1);
    set_reg(STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

static void offer(uint16_t head, uint16_t count)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        avail.ring[i] = head;
    }
    __asm__ volatile("fence" ::: "memory");
    avail.idx += count;
    __asm__ volatile("fence" ::: "memory");
    set_reg(QUEUE_NOTIFY, 0);
}

/* True once a request came back, false when the device gave up. */
static bool served(void)
{
    for (ulong patience = 0; patience < 200000000; patience++) {
        if (used.idx) {
            return true;
        }
        if (reg(STATUS) & NEEDS_RESET) {
            return false;
        }
    }
    return fail(__LINE__, used.idx, reg(STATUS)), false;
}

static void works(void)
{
    start();
    offer(0, 1);
    CHECK(served());
    CHECK_EQ(used.ring[0].id, 0);
    CHECK(used.ring[0].len > 0 && used.ring[0].len <= sizeof(buffer));
}

static void refused(void)
{
    offer(0, 1);
    CHECK(!served());
    works();
}

int main(void)
{
    CHECK_EQ(reg(MAGIC), 0x74726976);
    CHECK_EQ(reg(DEVICE_ID), 4);
    works();

    start();                            /* a loop */
    table[0].flags = table[1].flags = WRITABLE | NEXT;
    table[0].next = 1;
    table[1].next = 0;
    refused();
    start();                            /* the next descriptor is outside the table */
    table[0].flags = WRITABLE | NEXT;
    table[0].next = ENTRIES;
    refused();
    start();                            /* so is the head */
    offer(0xffff, 1);
    CHECK(!served());
    works();
    start();                            /* more chains than the ring has places */
    offer(0, ENTRIES + 1);
    CHECK(!served());
    works();
    start();                            /* a buffer where nothing is */
    table[0].addr = 0xfffffffffffff000;
    refused();
    start();                            /* a buffer that wraps around */
    table[0].addr = (ulong)buffer;
    table[0].len = 0xffffffff;
    refused();
    start();                            /* an indirect table in an indirect table */
    table[0] = (struct descriptor) { (ulong)inner, sizeof(inner), INDIRECT, 0 };
    inner[0].flags = INDIRECT;
    refused();
    start();                            /* half a descriptor */
    table[0] = (struct descriptor) { (ulong)inner, 24, INDIRECT, 0 };
    refused();
    start();                            /* a loop in an indirect table */
    table[0] = (struct descriptor) { (ulong)inner, sizeof(inner), INDIRECT, 0 };
    inner[0].flags = WRITABLE | NEXT;
    inner[0].next = 0;
    refused();
    start();                            /* an indirect table where nothing is */
    table[0] = (struct descriptor) { 0xfffffffffffff000, 64, INDIRECT, 0 };
    refused();
    return 0;
}
