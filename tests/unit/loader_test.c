/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images: good ones land where they should, and again at each reset; truncated, foreign, overlapping and oversized ones
 * give an error. A random mutation of a good ELF file never does worse than that.
 */
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "system/loader.h"
#include "tests/dev/rig.h"

struct fixture {
    struct rig r;
    int fd;         /* in memory: a disk's file system waits for the disk at each truncation */
    char *path;
};

static void set_up(struct fixture *f, gconstpointer data)
{
    rig_init(&f->r, "riscv.sifive.test");
    rig_start(&f->r);
    f->fd = memfd_create("image", MFD_CLOEXEC);
    f->path = g_strdup_printf("/proc/self/fd/%d", f->fd);
}

static void tear_down(struct fixture *f, gconstpointer data)
{
    rig_free(&f->r);
    close(f->fd);
    g_free(f->path);
}

static void put_file(struct fixture *f, const void *bytes, size_t len)
{
    g_assert_cmpint(ftruncate(f->fd, 0), ==, 0);
    g_assert_cmpint(pwrite(f->fd, bytes, len, 0), ==, len);
}

/* An executable with one segment: text of 16 bytes and 16 bytes of bss. */
struct small_elf {
    Elf64_Ehdr h;
    Elf64_Phdr p;
    uint8_t text[16];
};

static struct small_elf good_elf(void)
{
    struct small_elf e = {
        .h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1 }, .e_type = ET_EXEC,
               .e_machine = EM_RISCV, .e_version = 1, .e_entry = 0xffffffff80000004, .e_phoff = sizeof(Elf64_Ehdr),
               .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1 },
        .p = { .p_type = PT_LOAD, .p_offset = offsetof(struct small_elf, text), .p_vaddr = 0xffffffff80000000,
               .p_paddr = RIG_RAM + 0x100, .p_filesz = 16, .p_memsz = 32 },
    };

    memset(e.text, 0xab, sizeof(e.text));
    return e;
}

static bool try_elf(struct fixture *f, const struct small_elf *e, size_t len, struct load_result *res, GError **err)
{
    put_file(f, e, len);
    return load_elf(f->r.m, f->path, "-kernel", EM_RISCV, 64, res, err);
}

static void elf_is_loaded_at_each_reset(struct fixture *f, gconstpointer data)
{
    struct small_elf e = good_elf();
    struct load_result res;
    uint8_t want[32] = { 0 };

    memset(want, 0xab, 16);
    g_assert_true(try_elf(f, &e, sizeof(e), &res, NULL));
    g_assert_cmphex(res.entry, ==, RIG_RAM + 0x104);
    g_assert_cmphex(res.low, ==, RIG_RAM + 0x100);
    g_assert_cmphex(res.high, ==, RIG_RAM + 0x120);
    for (unsigned i = 0; i < 2; i++) {
        memset(f->r.ram_host, 0x77, 0x200);
        roms_load(f->r.m);
        g_assert_cmpmem(f->r.ram_host + 0x100, 32, want, 32);
        g_assert_cmphex(f->r.ram_host[0x120], ==, 0x77);
    }
}

static void refused(struct fixture *f, const struct small_elf *e, size_t len, const char *text)
{
    g_autoptr(GError) err = NULL;
    struct load_result res;

    g_assert_false(try_elf(f, e, len, &res, &err));
    if (!strstr(err->message, text)) {
        g_error("'%s' lacks '%s'", err->message, text);
    }
    g_assert_null(strchr(err->message, '\n'));
}

static void bad_elf_is_refused(struct fixture *f, gconstpointer data)
{
    struct small_elf e = good_elf();

    refused(f, &e, 0, "empty");
    refused(f, &e, 3, "no ELF");
    refused(f, &e, 40, "truncated");
    refused(f, &e, sizeof(e) - 1, "beyond its end");
    e.h.e_machine = EM_X86_64;
    refused(f, &e, sizeof(e), "machine number 62");
    e = good_elf();
    e.h.e_ident[EI_DATA] = ELFDATA2MSB;
    refused(f, &e, sizeof(e), "little-endian");
    e = good_elf();
    e.h.e_ident[EI_CLASS] = ELFCLASS32;
    refused(f, &e, sizeof(e), "32-bit");
    e = good_elf();
    e.h.e_phoff = UINT64_MAX - 8;
    refused(f, &e, sizeof(e), "program headers");
    e = good_elf();
    e.p.p_filesz = 64;
    refused(f, &e, sizeof(e), "beyond its end");
    e = good_elf();
    e.p.p_memsz = 1 << 20;
    refused(f, &e, sizeof(e), "do not fit");
    e = good_elf();
    e.p.p_paddr = UINT64_MAX - 4;
    refused(f, &e, sizeof(e), "wraps");
    e = good_elf();
    e.p.p_type = PT_NOTE;
    refused(f, &e, sizeof(e), "nothing to load");
}

static void mutated_elf_is_harmless(struct fixture *f, gconstpointer data)
{
    for (unsigned i = 0; i < 3000; i++) {
        struct small_elf e = good_elf();
        struct load_result res;

        for (unsigned n = g_test_rand_int_range(1, 4); n; n--) {
            unsigned at = g_test_rand_int_range(0, sizeof(e.h) + sizeof(e.p));

            ((uint8_t *)&e)[at] = g_test_rand_bit() ? g_test_rand_int() : 1 << g_test_rand_int_range(0, 8);
        }
        if (try_elf(f, &e, g_test_rand_int_range(1, sizeof(e) + 1), &res, NULL)) {
            roms_load(f->r.m);
        }
        g_ptr_array_set_size(f->r.m->roms, 0);
    }
}

static void overlap_is_refused(struct fixture *f, gconstpointer data)
{
    g_autoptr(GError) err = NULL;

    g_assert_true(rom_add(f->r.m, "-bios", "a", RIG_RAM, g_malloc0(16), 16, 16, NULL));
    g_assert_false(rom_add(f->r.m, "-kernel", "b", RIG_RAM + 15, g_malloc0(16), 16, 16, &err));
    g_assert_nonnull(strstr(err->message, "overlaps a"));
    g_assert_true(rom_add(f->r.m, "-kernel", "b", RIG_RAM + 16, g_malloc0(16), 16, 16, NULL));
}

static void file_that_shrank_leaves_zeroes(struct fixture *f, gconstpointer data)
{
    const struct load_area ram = { RIG_RAM, RIG_RAM + RIG_RAM_BYTES };
    struct load_result res;

    put_file(f, "0123456789", 10);
    g_assert_true(load_raw(f->r.m, f->path, "-initrd", RIG_RAM, &ram, &res, NULL));
    g_assert_cmpint(truncate(f->path, 4), ==, 0);
    memset(f->r.ram_host, 0x77, 16);
    if (g_test_subprocess()) {
        roms_load(f->r.m);
        g_assert_cmpmem(f->r.ram_host, 11, "0123\0\0\0\0\0\0w", 11);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
}

/* ---- kernels ---- */

enum { KERNEL_BYTES = 256, KERNEL_SIZE = 0x1000 };

static void make_image(uint8_t *image)
{
    memset(image, 0x13, KERNEL_BYTES);
    memset(image + 16, 0, 8);
    image[17] = KERNEL_SIZE >> 8;
    memcpy(image + 56, "RSC\x05", 4);
}

static size_t gzip(const uint8_t *in, size_t len, uint8_t *out, size_t room)
{
    z_stream z = { .next_in = (Bytef *)in, .avail_in = len, .next_out = out, .avail_out = room };

    g_assert_cmpint(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), ==, Z_OK);
    g_assert_cmpint(deflate(&z, Z_FINISH), ==, Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static void kernel_is(struct fixture *f, const uint8_t *image)
{
    const struct load_area ram = { RIG_RAM, RIG_RAM + RIG_RAM_BYTES };
    struct load_result res;
    GError *err = NULL;

    g_ptr_array_set_size(f->r.m->roms, 0);
    if (!load_kernel(f->r.m, f->path, EM_RISCV, 64, RIG_RAM + 0x1000, &ram, &res, &err)) {
        g_error("%s", err->message);
    }
    g_assert_cmphex(res.low, ==, RIG_RAM + 0x1000);
    g_assert_cmphex(res.high, ==, RIG_RAM + 0x1000 + KERNEL_SIZE);
    memset(f->r.ram_host, 0, RIG_RAM_BYTES);
    roms_load(f->r.m);
    g_assert_cmpmem(f->r.ram_host + 0x1000, KERNEL_BYTES, image, KERNEL_BYTES);
}

static void kernel_formats_are_recognised(struct fixture *f, gconstpointer data)
{
    uint8_t image[KERNEL_BYTES], packed[1024], zboot[64 + sizeof(packed)] = "MZ\0\0zimg";
    size_t len;

    make_image(image);
    put_file(f, image, sizeof(image));
    kernel_is(f, image);
    len = gzip(image, sizeof(image), packed, sizeof(packed));
    put_file(f, packed, len);
    kernel_is(f, image);
    zboot[8] = 64;
    zboot[12] = len;
    zboot[13] = len >> 8;
    strcpy((char *)zboot + 24, "gzip");
    memcpy(zboot + 64, packed, len);
    put_file(f, zboot, 64 + len);
    kernel_is(f, image);
}

static void kernel_refused(struct fixture *f, const void *bytes, size_t len, const char *text)
{
    const struct load_area ram = { RIG_RAM, RIG_RAM + RIG_RAM_BYTES };
    g_autoptr(GError) err = NULL;
    struct load_result res;

    put_file(f, bytes, len);
    g_assert_false(load_kernel(f->r.m, f->path, EM_RISCV, 64, RIG_RAM + 0x1000, &ram, &res, &err));
    if (!strstr(err->message, text)) {
        g_error("'%s' lacks '%s'", err->message, text);
    }
}

static void bad_kernels_are_refused(struct fixture *f, gconstpointer data)
{
    g_autofree uint8_t *big = g_malloc0(RIG_RAM_BYTES);
    uint8_t image[KERNEL_BYTES], packed[1024], zboot[80] = "MZ\0\0zimg";
    size_t len;

    kernel_refused(f, big, RIG_RAM_BYTES, "larger than RAM");
    make_image(image);
    image[18] = 0xff;                   /* says that it needs more than there is */
    kernel_refused(f, image, sizeof(image), "larger than RAM");
    len = gzip(big, RIG_RAM_BYTES, packed, sizeof(packed));
    kernel_refused(f, packed, len, "more than fits");
    kernel_refused(f, packed, len / 2, "damaged");
    zboot[8] = 70;
    zboot[12] = 100;
    kernel_refused(f, zboot, sizeof(zboot), "truncated");
    zboot[12] = 4;
    strcpy((char *)zboot + 24, "lzma");
    kernel_refused(f, zboot, sizeof(zboot), "'lzma'");
}

static void check_kind(struct fixture *f, const void *bytes, size_t len, unsigned machine, unsigned bits)
{
    struct image_kind kind;

    put_file(f, bytes, len);
    kind = image_identify(f->path);
    g_assert_cmpuint(kind.elf_machine, ==, machine);
    g_assert_cmpuint(kind.bits, ==, bits);
}

/* Each format by its magic, also inside gzip; text, short files and a PE header beyond the end say nothing. */
static void images_are_identified(struct fixture *f, gconstpointer data)
{
    struct small_elf e = good_elf();
    uint8_t head[1024] = { 0 }, packed[2048];

    check_kind(f, &e, sizeof(e), EM_RISCV, 64);
    make_image(head);
    check_kind(f, head, sizeof(head), EM_RISCV, 0);
    check_kind(f, packed, gzip(head, sizeof(head), packed, sizeof(packed)), EM_RISCV, 0);
    memcpy(head + 56, "ARM\x64", 4);
    check_kind(f, head, sizeof(head), EM_AARCH64, 64);
    memset(head, 0, sizeof(head));
    memcpy(head, "MZ", 2);
    head[0x3c] = 0x80;
    check_kind(f, head, sizeof(head), 0, 0);
    memcpy(head + 0x80, "PE\0\0\x64\xaa", 6);
    check_kind(f, head, sizeof(head), EM_AARCH64, 64);
    head[0x3f] = 0xff;
    check_kind(f, head, sizeof(head), 0, 0);
    memset(head, 0, sizeof(head));
    memcpy(head + 0x24, "\x18\x28\x6f\x01", 4);
    check_kind(f, head, sizeof(head), EM_ARM, 32);
    memset(head, 0, sizeof(head));
    memcpy(head + 0x202, "HdrS", 4);
    check_kind(f, head, sizeof(head), EM_X86_64, 0);
    memcpy(head, "\x27\x05\x19\x56", 4);
    head[29] = 22;
    head[0x202] = 0;
    check_kind(f, head, sizeof(head), EM_AARCH64, 64);
    check_kind(f, "\x7f" "ELF", 4, 0, 0);
    check_kind(f, "text", 4, 0, 0);
}

#define TEST(name) g_test_add("/loader/" #name, struct fixture, NULL, set_up, name, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(elf_is_loaded_at_each_reset);
    TEST(bad_elf_is_refused);
    TEST(mutated_elf_is_harmless);
    TEST(overlap_is_refused);
    TEST(file_that_shrank_leaves_zeroes);
    TEST(kernel_formats_are_recognised);
    TEST(bad_kernels_are_refused);
    TEST(images_are_identified);
    return g_test_run();
}
