// SPDX-License-Identifier: GPL-2.0-or-later
// The PC's interrupt paths and CPUs from bare metal: PIC, APIC timer, IOAPIC, MSI-X with virtio-blk, start-up of all CPUs,
// and a loop in ring 3 whose speed is printed.
#include <stddef.h>
#include <stdint.h>

#define APIC 0xfee00000ul
#define IOAPIC 0xfec00000ul

extern char stubs[], ap_start[], ap_end[], user_back[], tss[];
extern uint64_t gdt_tss[2];
extern volatile uint32_t ap_count;
uint64_t user(uint64_t loops);
void interrupt(uint64_t vector, uint64_t error, uint64_t ip);
void ap_main(void);
int main(void);
void *memcpy(void *to, const void *from, size_t n);

static volatile uint32_t seen[256];
static volatile uint32_t sum, done, go;

/* ---- ports, output ---- */

static inline void outb(uint16_t port, uint8_t v) { __asm__ volatile("outb %0, %1" :: "a"(v), "Nd"(port)); }
static inline void outw(uint16_t port, uint16_t v) { __asm__ volatile("outw %0, %1" :: "a"(v), "Nd"(port)); }
static inline void outl(uint16_t port, uint32_t v) { __asm__ volatile("outl %0, %1" :: "a"(v), "Nd"(port)); }
static inline uint8_t inb(uint16_t port) { uint8_t v; __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port)); return v; }
static inline uint32_t inl(uint16_t port) { uint32_t v; __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port)); return v; }
static inline uint32_t read32(uint64_t a) { return *(volatile uint32_t *)a; }
static inline void write32(uint64_t a, uint32_t v) { *(volatile uint32_t *)a = v; }

void *memcpy(void *to, const void *from, size_t n)
{
    void *t = to;

    __asm__ volatile("rep movsb" : "+D"(t), "+S"(from), "+c"(n) :: "memory");
    return to;
}

static void print(const char *s)
{
    for (; *s; s++) {
        outb(0x3f8, *s);
    }
}

static void print_number(uint64_t v)
{
    char b[21], *p = b + 20;

    *p = 0;
    do {
        *--p = '0' + v % 10;
        v /= 10;
    } while (v);
    print(p);
}

static void end(int status)
{
    print(status == 0x10 ? "PASS\n" : "FAIL\n");
    outw(0xf4, status);
    for (;;) {
        __asm__ volatile("hlt");
    }
}

static void check(int ok, const char *what)
{
    print(ok ? "ok " : "not ok ");
    print(what);
    print("\n");
    if (!ok) {
        end(1);
    }
}

/* ---- interrupts ---- */

static uint64_t idt[512];

static void set_gates(void)
{
    struct { uint16_t limit; uint64_t base; } __attribute__((packed)) idtr = { sizeof(idt) - 1, (uint64_t)idt };

    for (unsigned i = 0; i < 256; i++) {
        uint64_t a = (uint64_t)stubs + 16 * i;

        idt[2 * i] = (a & 0xffff) | 8 << 16 | (0x8eull) << 40 | (a >> 16 & 0xffff) << 48;
        idt[2 * i + 1] = a >> 32;
    }
    __asm__ volatile("lidt %0" :: "m"(idtr));
}

void interrupt(uint64_t vector, uint64_t error, uint64_t ip)
{
    if (vector < 32) {
        print("exception ");
        print_number(vector);
        print(" error ");
        print_number(error);
        print(" at ");
        print_number(ip);
        print("\n");
        end(2);
    }
    seen[vector]++;
    if (vector < 0x30) {
        if (vector >= 0x28) {
            outb(0xa0, 0x20);
        }
        outb(0x20, 0x20);
    } else {
        write32(APIC + 0xb0, 0);
    }
}

/* Until n interrupts have come on a vector, or far too long. */
static int wait_for(unsigned vector, unsigned n)
{
    for (unsigned i = 0; i < 3000000 && seen[vector] < n; i++) {
        __asm__ volatile("pause" ::: "memory");
    }
    return seen[vector] >= n;
}

/* ---- PIC, PIT ---- */

static void pit(unsigned hz)
{
    unsigned count = 1193182 / hz;

    outb(0x43, 0x34);
    outb(0x40, count);
    outb(0x40, count >> 8);
}

static void test_pic(void)
{
    static const uint8_t init[][2] = { { 0x20, 0x11 }, { 0x21, 0x20 }, { 0x21, 4 }, { 0x21, 1 }, { 0xa0, 0x11 },
                                       { 0xa1, 0x28 }, { 0xa1, 2 }, { 0xa1, 1 }, { 0x21, 0xfe }, { 0xa1, 0xff } };

    for (unsigned i = 0; i < sizeof(init) / 2; i++) {
        outb(init[i][0], init[i][1]);
    }
    pit(1000);
    __asm__ volatile("sti");
    check(wait_for(0x20, 5), "the PIT through the PIC");
    outb(0x21, 0xff);
}

/* ---- APIC ---- */

static void test_apic_timer(void)
{
    write32(APIC + 0xf0, 0x1ff);
    write32(APIC + 0x3e0, 0xb);
    write32(APIC + 0x320, 0x20000 | 0x40);
    write32(APIC + 0x380, 1000000);
    check(wait_for(0x40, 5), "the local APIC's timer");
    write32(APIC + 0x320, 0x10000);
    write32(APIC + 0x300, 0x40000 | 0x4043);
    check(wait_for(0x43, 1), "an interrupt to itself");
}

static void ioapic(unsigned reg, uint32_t v)
{
    write32(IOAPIC, reg);
    write32(IOAPIC + 0x10, v);
}

static void test_ioapic(void)
{
    ioapic(0x10 + 2 * 2 + 1, 0);
    ioapic(0x10 + 2 * 2, 0x41);
    check(wait_for(0x41, 3), "the PIT through the IOAPIC");
    ioapic(0x10 + 2 * 2, 0x10000);
}

/* ---- other CPUs ---- */

void ap_main(void)
{
    while (!go) {
        __asm__ volatile("pause" ::: "memory");
    }
    for (unsigned i = 0; i < 500; i++) {
        __atomic_fetch_add(&sum, 1, __ATOMIC_SEQ_CST);
    }
    __atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
}

static void test_smp(unsigned cpus)
{
    memcpy((void *)0x8000, ap_start, ap_end - ap_start);
    write32(APIC + 0x300, 0xc4500);
    for (unsigned i = 0; i < 20000; i++) {
        __asm__ volatile("pause");
    }
    write32(APIC + 0x300, 0xc4608);
    for (unsigned i = 0; i < 3000000 && ap_count < cpus - 1; i++) {
        __asm__ volatile("pause" ::: "memory");
    }
    check(ap_count == cpus - 1, "all CPUs started");
    go = 1;
    for (unsigned i = 0; i < 500; i++) {
        __atomic_fetch_add(&sum, 1, __ATOMIC_SEQ_CST);
    }
    for (unsigned i = 0; i < 30000000 && done < cpus - 1; i++) {
        __asm__ volatile("pause" ::: "memory");
    }
    check(sum == 500 * cpus, "atomic additions of all CPUs");
}

/* ---- virtio-blk, legacy interface with MSI-X ---- */

static uint32_t config(unsigned devfn, unsigned reg)
{
    outl(0xcf8, 0x80000000 | devfn << 8 | reg);
    return inl(0xcfc);
}

static void set_config(unsigned devfn, unsigned reg, uint32_t v)
{
    outl(0xcf8, 0x80000000 | devfn << 8 | reg);
    outl(0xcfc, v);
}

struct descriptor {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
};

#define RING 0x200000ul
#define IO 0xc000
#define TABLE 0xe0000000u

static unsigned capability(unsigned devfn, unsigned id)
{
    for (unsigned at = config(devfn, 0x34) & 0xfc; at; at = config(devfn, at) >> 8 & 0xfc) {
        if ((config(devfn, at) & 0xff) == id) {
            return at;
        }
    }
    return 0;
}

static void test_virtio(unsigned devfn)
{
    unsigned cap = capability(devfn, 0x11), bar = cap ? config(devfn, cap + 4) & 7 : 0;
    volatile struct descriptor *d = (void *)RING;
    volatile uint8_t *data = (void *)(RING + 0x10000);
    volatile uint32_t *request = (void *)(RING + 0x8000);
    unsigned size, i;
    volatile uint16_t *avail;

    check(cap != 0, "virtio-blk has MSI-X");
    set_config(devfn, 0x10, IO);
    set_config(devfn, 0x10 + 4 * bar, TABLE);
    set_config(devfn, 4, 7);
    write32(TABLE + (config(devfn, cap + 4) & ~7u), APIC);
    write32(TABLE + (config(devfn, cap + 4) & ~7u) + 4, 0);
    write32(TABLE + (config(devfn, cap + 4) & ~7u) + 8, 0x42);
    write32(TABLE + (config(devfn, cap + 4) & ~7u) + 12, 0);
    set_config(devfn, cap, config(devfn, cap) | 0x80000000);
    outb(IO + 18, 0);
    outb(IO + 18, 3);
    outl(IO + 4, 0);
    outw(IO + 14, 0);
    size = inl(IO + 12) & 0xffff;
    outw(IO + 22, 0);                   /* the queue's vector is entry 0 */
    outl(IO + 8, RING >> 12);
    outb(IO + 18, 7);
    avail = (void *)(RING + 16 * size);
    request[0] = 0;
    request[1] = 0;
    request[2] = 1;                     /* sector 1 */
    request[3] = 0;
    d[0] = (struct descriptor) { RING + 0x8000, 16, 1, 1 };
    d[1] = (struct descriptor) { RING + 0x10000, 512, 3, 2 };
    d[2] = (struct descriptor) { RING + 0x9000, 1, 2, 0 };
    *(volatile uint8_t *)(RING + 0x9000) = 0xff;
    avail[2] = 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    avail[1] = 1;
    outw(IO + 16, 0);
    check(wait_for(0x42, 1), "virtio-blk's message");
    check(*(volatile uint8_t *)(RING + 0x9000) == 0, "its status");
    for (i = 0; i < 512 && data[i] == (uint8_t)(i * 3 + 1); i++) {
    }
    check(i == 512, "its data");
}

/* ---- ring 3 ---- */

static void test_user(void)
{
    uint64_t t = (uint64_t)tss, cycles;

    gdt_tss[0] = 103 | (t & 0xffffff) << 16 | 0x89ull << 40 | (t >> 24 & 0xff) << 56;
    gdt_tss[1] = t >> 32;
    __asm__ volatile("ltr %w0" :: "r"(56));
    idt[2 * 6] = ((uint64_t)user_back & 0xffff) | 8 << 16 | 0x8eull << 40 | ((uint64_t)user_back >> 16 & 0xffff) << 48;
    cycles = user(100000000);
    print("ring 3: ");
    print_number(cycles);
    print(" cycles for 100000000 turns\n");
    check(1, "ring 3 and back");
}

int main(void)
{
    unsigned cpus, virtio = 0;

    outb(0x70, 0x5f);
    cpus = inb(0x71) + 1;
    set_gates();
    test_pic();
    test_apic_timer();
    test_ioapic();
    test_smp(cpus);
    for (unsigned devfn = 0; devfn < 256; devfn += 8) {
        if (config(devfn, 0) == 0x10011af4) {
            virtio = devfn;
        }
    }
    if (virtio) {
        test_virtio(virtio);
    }
    test_user();
    end(0x10);
    return 0;
}
