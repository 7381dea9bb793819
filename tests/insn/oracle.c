/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/insn/oracle.h"

#include <elf.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADERS 0x1000      /* the segment starts at a page */
#define VERSION_MIN 9       /* knows Zacas, Zcb, Zfa, Zimop */

#define RISCV_FLAGS (EF_RISCV_RVC | EF_RISCV_FLOAT_ABI_DOUBLE)

const struct oracle_isa oracle_riscv64 = { "riscv64", 64, EM_RISCV, RISCV_FLAGS };
const struct oracle_isa oracle_riscv32 = { "riscv32", 32, EM_RISCV, RISCV_FLAGS };
const struct oracle_isa oracle_aarch64 = { "aarch64", 64, EM_AARCH64, 0 };

static bool new_enough(const char *path)
{
    g_autofree char *out = NULL;
    const char *args[] = { path, "--version", NULL }, *v;

    if (!g_spawn_sync(NULL, (char **)args, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL, NULL, NULL)) {
        return false;
    }
    v = out ? strstr(out, "version ") : NULL;
    return v && atoi(v + strlen("version ")) >= VERSION_MIN;
}

char *oracle_find(const struct oracle_isa *isa)
{
    g_autofree char *name = g_strdup_printf("qemu-%s", isa->name);
    g_autofree char *name_static = g_strdup_printf("%s-static", name);
    const char *dir = g_getenv("DOPPEL_ORACLE_DIR"), *cache = g_getenv("DOPPEL_CACHE");
    char *tries[] = {
        dir ? g_build_filename(dir, name, NULL) : NULL,
        g_find_program_in_path(name),
        g_find_program_in_path(name_static),
        cache ? g_build_filename(cache, "oracle", name, NULL)
              : g_build_filename(g_get_user_cache_dir(), "doppel", "oracle", name, NULL),
    };
    char *found = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(tries); i++) {
        if (!found && tries[i] && g_file_test(tries[i], G_FILE_TEST_IS_EXECUTABLE) && new_enough(tries[i])) {
            found = g_steal_pointer(&tries[i]);
        }
        g_free(tries[i]);
    }
    return found;
}

static GByteArray *elf_file(const struct oracle_isa *isa, const struct stream_image *im)
{
    static const uint8_t zero[HEADERS];
    GByteArray *b = g_byte_array_new();
    const unsigned flags = PF_R | PF_W | PF_X, size = im->bytes->len;

    if (isa->xlen == 64) {
        Elf64_Ehdr h = { .e_type = ET_EXEC, .e_machine = isa->machine, .e_version = 1, .e_entry = STREAM_BASE,
            .e_phoff = sizeof(h), .e_flags = isa->flags, .e_ehsize = sizeof(h),
            .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1 };
        Elf64_Phdr p = { .p_type = PT_LOAD, .p_offset = HEADERS, .p_vaddr = STREAM_BASE, .p_paddr = STREAM_BASE,
            .p_filesz = size, .p_memsz = size, .p_flags = flags, .p_align = HEADERS };

        memcpy(h.e_ident, "\177ELF\2\1\1", 7);
        g_byte_array_append(b, (uint8_t *)&h, sizeof(h));
        g_byte_array_append(b, (uint8_t *)&p, sizeof(p));
    } else {
        Elf32_Ehdr h = { .e_type = ET_EXEC, .e_machine = isa->machine, .e_version = 1, .e_entry = STREAM_BASE,
            .e_phoff = sizeof(h), .e_flags = isa->flags, .e_ehsize = sizeof(h),
            .e_phentsize = sizeof(Elf32_Phdr), .e_phnum = 1 };
        Elf32_Phdr p = { .p_type = PT_LOAD, .p_offset = HEADERS, .p_vaddr = STREAM_BASE, .p_paddr = STREAM_BASE,
            .p_filesz = size, .p_memsz = size, .p_flags = flags, .p_align = HEADERS };

        memcpy(h.e_ident, "\177ELF\1\1\1", 7);
        g_byte_array_append(b, (uint8_t *)&h, sizeof(h));
        g_byte_array_append(b, (uint8_t *)&p, sizeof(p));
    }
    g_byte_array_append(b, zero, HEADERS - b->len);
    g_byte_array_append(b, im->bytes->data, im->bytes->len);
    return b;
}

/* Runs a shell command on the image's ELF file in a folder of its own, and reads the records from a file there. */
static void *run(const char *command, const struct oracle_isa *isa, const struct stream_image *im, GError **err)
{
    g_autoptr(GByteArray) elf = elf_file(isa, im);
    g_autofree char *dir = g_dir_make_tmp("doppel-insn-XXXXXX", err), *path = NULL, *out_path = NULL, *out = NULL;
    const char *args[] = { "/bin/sh", "-c", command, NULL };
    size_t size = im->bytes->len - im->data, len = 0;
    int status;
    bool ok;

    if (!dir) {
        return NULL;
    }
    path = g_build_filename(dir, "program", NULL);
    out_path = g_build_filename(dir, STREAM_FILE, NULL);
    ok = g_file_set_contents(path, (char *)elf->data, elf->len, err) && g_chmod(path, 0700) == 0 &&
         g_spawn_sync(dir, (char **)args, NULL, 0, NULL, NULL, NULL, NULL, &status, err) &&
         g_spawn_check_wait_status(status, err) && g_file_get_contents(out_path, &out, &len, err);
    g_unlink(path);
    g_unlink(out_path);
    g_rmdir(dir);
    if (ok && len != size) {
        g_set_error(err, G_FILE_ERROR, 0, "%s gave %zu bytes, not %zu", command, len, size);
        ok = false;
    }
    return ok ? g_steal_pointer(&out) : NULL;
}

void *oracle_run(const char *oracle, const struct oracle_isa *isa, const struct stream_image *im, GError **err)
{
    g_autofree char *command = g_strdup_printf("exec '%s' -cpu max ./program >" STREAM_FILE, oracle);

    return run(command, isa, im, err);
}

void *machine_run(const char *command, const struct oracle_isa *isa, const struct stream_image *im, GError **err)
{
    g_autofree char *all = g_strdup_printf("timeout 60 %s -machine virt -m 32M -nographic -bios none -kernel program "
                                           "-semihosting-config enable=on,target=native </dev/null", command);

    return run(all, isa, im, err);
}
