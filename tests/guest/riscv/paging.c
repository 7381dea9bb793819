/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables of every mode: permissions, SUM, MXR, MPRV, superpages, canonical addresses, fences, address space ids. */
// run:
// run: rv64 -cpu rva22s64
#include "rt.h"

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128 };
#define ALL (V | R | W | X | A | D)

#if XLEN == 64
#define INDEX_BITS 9
#define MODE_SHIFT 60
#else
#define INDEX_BITS 10
#define MODE_SHIFT 31
#endif
#define ENTRIES (1 << INDEX_BITS)

static ulong tables[16][ENTRIES] __attribute__((aligned(4096)));
static unsigned used;
static unsigned levels;
static uint32_t page_a[1024] __attribute__((aligned(4096))), page_b[1024] __attribute__((aligned(4096)));
static ulong code_page[4096 / sizeof(ulong)] __attribute__((aligned(4096)));

static ulong *slot(ulong va, unsigned level)
{
    ulong *t = tables[0];

    for (unsigned l = levels - 1; l > level; l--) {
        ulong *e = &t[va >> (12 + l * INDEX_BITS) & (ENTRIES - 1)];

        if (!*e) {
            CHECK(++used < 16);
            *e = (ulong)tables[used] >> 12 << 10 | V;
        }
        t = (ulong *)(*e >> 10 << 12);
    }
    return &t[va >> (12 + level * INDEX_BITS) & (ENTRIES - 1)];
}

static void map(ulong va, ulong pa, unsigned level, ulong bits)
{
    *slot(va, level) = pa >> 12 << 10 | bits;
    sfence();
}

/* An identity map of devices and RAM by the largest pages that do not get in the way. */
static void start(unsigned mode, unsigned n)
{
    for (unsigned t = 0; t < 16; t++) {
        for (unsigned i = 0; i < ENTRIES; i++) {
            tables[t][i] = 0;
        }
    }
    used = 0;
    levels = n;
#if XLEN == 64
    map(0, 0, 2, ALL);
    map(0x80000000, 0x80000000, 2, ALL);
#else
    map(0, 0, 1, ALL);
    map(0x10000000, 0x10000000, 1, ALL);
    map(0x80000000, 0x80000000, 1, ALL);
#endif
    WRITE(satp, (ulong)mode << MODE_SHIFT | (ulong)tables[0] >> 12);
    CHECK_EQ(READ(satp) >> MODE_SHIFT, mode);
    sfence();
}

#define FREE 0x40000000ul       /* an address range that nothing is mapped to: level 2 entry 1 */

static void reads_as_supervisor(ulong arg)
{
    (void)arg;
    page_a[3] = 0x11223344;
    TRAPS(13, load32(FREE));
    CHECK_EQ(trap.tval, FREE);
    TRAPS(15, store32(FREE + 4, 1));
    CHECK_EQ(trap.tval, FREE + 4);
    TRAPS(12, call(FREE + 8));
    CHECK_EQ(trap.tval, FREE + 8);
    map(FREE, (ulong)page_a, 0, ALL);
    CHECK_EQ(load32(FREE + 12), 0x11223344);
    NO_TRAP(store32(FREE + 12, 5));
    CHECK_EQ(page_a[3], 5);
    map(FREE, (ulong)page_a, 0, V | R | A);
    CHECK_EQ(load32(FREE + 12), 5);
    TRAPS(15, store32(FREE + 12, 6));
    TRAPS(12, call(FREE));
    CHECK_EQ(page_a[3], 5);
    /* execute only, and MXR */
    map(FREE, (ulong)page_a, 0, V | X | A);
    TRAPS(13, load32(FREE + 12));
    SET(sstatus, MSTATUS_MXR);
    NO_TRAP(load32(FREE + 12));
    CLEAR(sstatus, MSTATUS_MXR);
    TRAPS(13, load32(FREE + 12));
    /* a user page, and SUM */
    map(FREE, (ulong)page_a, 0, ALL | U);
    TRAPS(13, load32(FREE + 12));
    SET(sstatus, MSTATUS_SUM);
    NO_TRAP(load32(FREE + 12));
    NO_TRAP(store32(FREE + 12, 7));
    TRAPS(12, call(FREE));
    CLEAR(sstatus, MSTATUS_SUM);
    TRAPS(15, store32(FREE + 12, 8));
    CHECK_EQ(page_a[3], 7);
    /* reserved encodings */
    map(FREE, (ulong)page_a, 0, V | W | A | D);
    TRAPS(13, load32(FREE));
    map(FREE, (ulong)page_a, 0, V | A | D);
    TRAPS(13, load32(FREE));
    map(FREE, (ulong)page_a, 0, R | W | X | A | D);
    TRAPS(13, load32(FREE));
#if XLEN == 64
    map(FREE, (ulong)page_a, 0, ALL | 1ul << 54);
    TRAPS(13, load32(FREE));
    map(FREE, (ulong)page_a, 0, ALL | 1ul << 63);
    TRAPS(13, load32(FREE));
#endif
    /* an access that crosses into a page that is not there changes nothing */
    map(FREE, (ulong)page_a, 0, ALL);
    page_a[1023] = 0xaaaaaaaa;
    TRAPS(15, store32(FREE + 4094, 0x55555555));
    CHECK_EQ(trap.tval, FREE + 4096);
    CHECK_EQ(page_a[1023], 0xaaaaaaaa);
    map(FREE + 4096, (ulong)page_b, 0, ALL);
    NO_TRAP(store32(FREE + 4094, 0x55667788));
    CHECK_EQ(page_a[1023], 0x7788aaaa);
    CHECK_EQ(page_b[0] & 0xffff, 0x5566);
    CHECK_EQ(load32(FREE + 4094), 0x55667788);
}

static void user_access(ulong readable)
{
    if (readable) {
        NO_TRAP(load32(FREE));
        NO_TRAP(store32(FREE, 9));
    } else {
        TRAPS(13, load32(FREE));
        TRAPS(15, store32(FREE, 9));
    }
}

/* User mode runs from user pages: the program is mapped once more, 1 GiB (4 MiB on RV32) with U. */
static void user_pages(void)
{
    unsigned top = XLEN == 64 ? 2 : 1;

    map(0, 0, top, ALL | U);
#if XLEN == 32
    map(0x10000000, 0x10000000, top, ALL | U);
#endif
    map(0x80000000, 0x80000000, top, ALL | U);
    map(FREE, (ulong)page_a, 0, ALL | U);
    in_mode(U_MODE, user_access, 1);
    map(FREE, (ulong)page_a, 0, ALL);
    in_mode(U_MODE, user_access, 0);
    map(0, 0, top, ALL);
#if XLEN == 32
    map(0x10000000, 0x10000000, top, ALL);
#endif
    map(0x80000000, 0x80000000, top, ALL);
}

static void stale_entries_go_with_fences(ulong arg)
{
    (void)arg;
    page_a[0] = 1;
    page_b[0] = 2;
    map(FREE, (ulong)page_a, 0, ALL);
    CHECK_EQ(load32(FREE), 1);
    *slot(FREE, 0) = (ulong)page_b >> 12 << 10 | ALL;
    __asm__ volatile("sfence.vma %0, x0" :: "r"(FREE) : "memory");
    CHECK_EQ(load32(FREE), 2);
    *slot(FREE, 0) = (ulong)page_a >> 12 << 10 | ALL;
    __asm__ volatile("sfence.vma x0, %0" :: "r"(0ul) : "memory");
    CHECK_EQ(load32(FREE), 1);
    *slot(FREE, 0) = 0;
    __asm__ volatile("sfence.vma %0, %1" :: "r"(FREE), "r"(0ul) : "memory");
    TRAPS(13, load32(FREE));
}

/* Code in a page that is remapped: the new page's code must run. */
static void remapped_code(ulong arg)
{
    static ulong other[4096 / sizeof(ulong)] __attribute__((aligned(4096)));
    ulong result;

    (void)arg;
    ((volatile uint32_t *)code_page)[0] = 0x00100513;  /* li a0, 1; ret */
    ((volatile uint32_t *)code_page)[1] = 0x00008067;
    ((volatile uint32_t *)other)[0] = 0x00200513;      /* li a0, 2; ret */
    ((volatile uint32_t *)other)[1] = 0x00008067;
    __asm__ volatile("fence.i" ::: "memory");
    for (unsigned i = 0; i < 20; i++) {
        map(FREE, i & 1 ? (ulong)other : (ulong)code_page, 0, ALL);
        __asm__ volatile("jalr %1; mv %0, a0" : "=r"(result) : "r"(FREE) : "a0", "ra", "memory");
        CHECK_EQ(result, 1 + (i & 1));
    }
}

#if XLEN == 64
static void superpages_and_canonical_addresses(ulong arg)
{
    ulong top = 1ul << (12 + 9 * levels - 1);   /* the lowest bit of the upper half */

    (void)arg;
    map(FREE, 0x80000000, 2, ALL);
    CHECK_EQ(load32(FREE + ((ulong)page_b - 0x80000000)), page_b[0]);
    map(FREE, 0x80200000, 2, ALL);              /* misaligned 1 GiB page */
    TRAPS(13, load32(FREE));
    *slot(FREE, 2) = 0;
    map(FREE, 0x80000000, 1, ALL);
    CHECK_EQ(load32(FREE + ((ulong)page_b - 0x80000000)), page_b[0]);
    map(FREE, 0x80001000, 1, ALL);
    TRAPS(13, load32(FREE));
    *slot(FREE, 1) = 0;
    sfence();
    TRAPS(13, load32(top));
    TRAPS(12, call(top));
    TRAPS(15, store32(~top, 1));
    map(-4096ul, (ulong)page_a, 0, ALL);
    NO_TRAP(store32(-8ul, 0x77));
    CHECK_EQ(page_a[1022], 0x77);
    *slot(-4096ul, 0) = 0;
    sfence();
}

static void spaces(ulong arg)
{
    static ulong second[ENTRIES] __attribute__((aligned(4096)));
    ulong first = READ(satp), other = (first & ~((1ul << 60) - 1)) | 5ul << 44 | (ulong)second >> 12;

    (void)arg;
    page_a[0] = 0x10;
    page_b[0] = 0x20;
    map(FREE, (ulong)page_a, 0, ALL);
    for (unsigned i = 0; i < ENTRIES; i++) {
        second[i] = tables[0][i];
    }
    CHECK_EQ(load32(FREE), 0x10);
    /* the other space shares the lower tables: change the leaf, fence each space before it is used */
    WRITE(satp, other);
    CHECK_EQ(READ(satp) >> 44 & 0xffff, 5);
    *slot(FREE, 0) = (ulong)page_b >> 12 << 10 | ALL;
    __asm__ volatile("sfence.vma x0, %0" :: "r"(5ul) : "memory");
    CHECK_EQ(load32(FREE), 0x20);
    WRITE(satp, first);
    __asm__ volatile("sfence.vma x0, %0" :: "r"(0ul) : "memory");
    CHECK_EQ(load32(FREE), 0x20);
    for (unsigned i = 0; i < 100; i++) {
        WRITE(satp, i & 1 ? first : other);
        CHECK_EQ(load32(FREE), 0x20);
    }
    WRITE(satp, first);
}

/* A second tree that differs in the leaf for va alone; *leaf is that one. Returns the root. */
static ulong *second_tree(ulong va, ulong **leaf)
{
    ulong *from = tables[0], *root = NULL, *link = NULL;

    for (unsigned l = levels; l-- > 0;) {
        unsigned index = va >> (12 + l * INDEX_BITS) & (ENTRIES - 1);
        ulong *copy;

        CHECK(++used < 16);
        copy = tables[used];
        for (unsigned i = 0; i < ENTRIES; i++) {
            copy[i] = from[i];
        }
        if (link) {
            *link = (ulong)copy >> 12 << 10 | V;
        }
        root = root ? root : copy;
        link = &copy[index];
        from = (ulong *)(*link >> 10 << 12);
    }
    *leaf = link;
    return root;
}

static ulong code_value(ulong va)
{
    ulong result;

    __asm__ volatile("jalr %1; mv %0, a0" : "=r"(result) : "r"(va) : "a0", "ra", "memory");
    return result;
}

/* Mappings that belong to one space or to all of them, for data and code. */
static void global_and_private_pages(ulong arg)
{
    static uint32_t other[1024] __attribute__((aligned(4096)));
    ulong *leaf, first = READ(satp), second;
    const ulong shared = FREE + 4096;

    (void)arg;
    for (unsigned i = 0; i < 2; i++) {
        (i ? page_b : page_a)[0] = 0x00000513 | (i + 1) << 20;     /* li a0, 1 or 2; ret */
        (i ? page_b : page_a)[1] = 0x00008067;
        other[0] = 0x00300513;
        other[1] = 0x00008067;
    }
    __asm__ volatile("fence.i" ::: "memory");
    map(FREE, (ulong)page_a, 0, ALL);
    map(shared, (ulong)other, 0, ALL | G);
    second = (first & ~((1ul << 60) - 1)) | 7ul << 44 | (ulong)second_tree(FREE, &leaf) >> 12;
    *leaf = (ulong)page_b >> 12 << 10 | ALL;
    sfence();
    for (unsigned i = 0; i < 10; i++) {
        WRITE(satp, i & 1 ? second : first);
        CHECK_EQ(code_value(FREE), 1 + (i & 1));
        CHECK_EQ(load32(FREE), 0x00100513 + ((i & 1) << 20));
        CHECK_EQ(code_value(shared), 3);
        NO_TRAP(store32(shared + 64, i));
        CHECK_EQ(other[16], i);
    }
    /* private ones go with a fence for their space, shared ones with a fence for all */
    WRITE(satp, second);
    *leaf = (ulong)other >> 12 << 10 | ALL;
    __asm__ volatile("sfence.vma x0, %0" :: "r"(7ul) : "memory");
    CHECK_EQ(code_value(FREE), 3);
    CHECK_EQ(load32(FREE + 64), 9);
    WRITE(satp, first);
    CHECK_EQ(code_value(FREE), 1);
    CHECK_EQ(load32(shared + 64), 9);
    *slot(shared, 0) = (ulong)page_b >> 12 << 10 | ALL | G;
    leaf[1] = *slot(shared, 0);
    __asm__ volatile("sfence.vma %0, x0" :: "r"(shared) : "memory");
    for (unsigned i = 0; i < 4; i++) {
        WRITE(satp, i & 1 ? second : first);
        CHECK_EQ(code_value(shared), 2);
        CHECK_EQ(load32(shared), 0x00200513);
    }
    WRITE(satp, first);
    /* a fence for any address in a large page is one for the page */
    map(FREE, 0, 0, 0);
    map(FREE, 0x80000000, 2, ALL);
    CHECK_EQ(load32(FREE + ((ulong)page_b - 0x80000000)), page_b[0]);
    *slot(FREE, 2) = 0;
    __asm__ volatile("sfence.vma %0, x0" :: "r"(FREE + 0x3ffff000) : "memory");
    TRAPS(13, load32(FREE + ((ulong)page_b - 0x80000000)));
}
#endif

/* Machine mode's loads with the eyes of another mode. */
static void mprv(void)
{
    map(FREE, (ulong)page_a, 0, ALL);
    page_a[0] = 0x1234;
    CLEAR(mstatus, MSTATUS_MPP);
    SET(mstatus, 1ul << 11);
    ulong bits = MSTATUS_MPRV, v = 0, seen;

    __asm__ volatile("csrs mstatus, %1; lw %0, 0(%2); csrc mstatus, %1" : "=&r"(v) : "r"(bits), "r"(FREE) : "memory");
    CHECK_EQ(v, 0x1234);
    /* as user: not allowed. The handler's stack is a supervisor page, too, so it runs with MPRV off by the trap's MPP = M. */
    CLEAR(mstatus, MSTATUS_MPP);
    seen = trap.count;
    __asm__ volatile("csrs mstatus, %1; lw %0, 0(%2); csrc mstatus, %1" : "=&r"(v) : "r"(bits), "r"(FREE) : "memory");
    CHECK_EQ(trap.count, seen + 1);
    CHECK_EQ(trap.cause, 13);
    CLEAR(mstatus, MSTATUS_MPRV);
}

static bool mode_exists(unsigned mode)
{
    WRITE(satp, (ulong)mode << MODE_SHIFT | (ulong)tables[0] >> 12);
    bool is = READ(satp) >> MODE_SHIFT == mode;

    WRITE(satp, 0);
    return is;
}

int main(void)
{
    static const struct {
        uint8_t mode, levels;
    } modes[] = {
#if XLEN == 64
        { 8, 3 }, { 9, 4 }, { 10, 5 },
#else
        { 1, 2 },
#endif
    };
    unsigned tested = 0;

    CHECK(XLEN == 32 || !mode_exists(3));
    for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (!mode_exists(modes[i].mode)) {
            continue;
        }
        start(modes[i].mode, modes[i].levels);
        in_mode(S_MODE, reads_as_supervisor, 0);
        in_mode(S_MODE, stale_entries_go_with_fences, 0);
        in_mode(S_MODE, remapped_code, 0);
#if XLEN == 64
        *slot(FREE, 0) = 0;
        start(modes[i].mode, modes[i].levels);
        in_mode(S_MODE, superpages_and_canonical_addresses, 0);
        start(modes[i].mode, modes[i].levels);
        in_mode(S_MODE, spaces, 0);
        start(modes[i].mode, modes[i].levels);
        in_mode(S_MODE, global_and_private_pages, 0);
#endif
        user_pages();
        mprv();
        WRITE(satp, 0);
        sfence();
        tested++;
    }
    CHECK(tested);
    return 0;
}
