/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads and stores of every size over all of the board's I/O space, mapped or not: faults at most, and life goes on. */
// run:
// run: rv64 -smp 2 -machine virt,aclint=on -device virtio-rng-device -device virtio-balloon-device -device virtio-serial-pci -device pci-testdev
// timeout: 120
#include "rt.h"

#define UART 0x10000000ul
#define FINISHER 0x100000ul
#define RAM 0x80000000ul
#define FW_CFG_DMA 0x10100010ul     /* copies to where the random number points, perhaps here */

static unsigned random_state = 1;

static unsigned next_random(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return random_state >> 8;
}

static bool spared(ulong addr)
{
    return addr >> 12 == UART >> 12 || addr >> 12 == FINISHER >> 12 || addr == FW_CFG_DMA || addr == FW_CFG_DMA + 4;
}

static void load(ulong addr)
{
    switch (next_random() & 3) {
    case 0:
        (void)*(volatile uint8_t *)addr;
        break;
    case 1:
        (void)*(volatile uint16_t *)addr;
        break;
    case 2:
        (void)*(volatile uint32_t *)addr;
        break;
    default:
        (void)*(volatile ulong *)addr;
    }
}

static void store(ulong addr)
{
    ulong value = (next_random() & 7) ? next_random() : (ulong)-1;

    switch (next_random() & 3) {
    case 0:
        *(volatile uint8_t *)addr = value;
        break;
    case 1:
        *(volatile uint16_t *)addr = value;
        break;
    case 2:
        *(volatile uint32_t *)addr = value;
        break;
    default:
        *(volatile ulong *)addr = value;
    }
}

/* One place of each part: mostly aligned, so that registers are hit. */
static void sweep(ulong from, ulong to, ulong step, unsigned times)
{
    for (ulong base = from; base < to; base += step) {
        trap.count = 0;
        for (unsigned i = 0; i < times; i++) {
            ulong addr = base + (next_random() % step & (next_random() % 8 ? ~7ul : ~0ul));

            load(addr);
            if (!spared(addr)) {
                store(addr);
            }
        }
    }
}

int main(void)
{
    WRITE(mie, 0);
    sweep(0, RAM, 0x10000, 4);                  /* everything */
    sweep(0x1000, 0x3000, 0x100, 20);           /* boot ROM */
    sweep(0x101000, 0x102000, 0x40, 40);        /* clock */
    sweep(0x2000000, 0x2010000, 0x400, 20);     /* CLINT */
    sweep(0xc000000, 0xc600000, 0x1000, 4);     /* PLIC */
    sweep(0x10001000, 0x10009000, 0x100, 60);   /* virtio-mmio */
    sweep(0x10100000, 0x10100020, 0x20, 500);   /* fw_cfg */
    sweep(0x20000000, 0x20100000, 0x1000, 4);   /* flash */
    sweep(0x30000000, 0x30100000, 0x100, 10);   /* configuration space of PCI bus 0 */
    sweep(0x40000000, 0x40100000, 0x1000, 10);  /* what it may have been mapped at */
    return 0;
}
