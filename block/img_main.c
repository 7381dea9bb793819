/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doppel-img: makes, examines, converts and repairs disk images. Its options are those of qemu-img. */
#include <stdio.h>
#include <string.h>

#include "block/img.h"
#include "config.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *arguments;
} commands[] = {
    { "create", img_create, "[-q] [-f FORMAT] [-b BACKING [-F BACKING_FORMAT]] [-u] [-o OPTIONS] FILE [SIZE]" },
    { "info", img_info, "[-f FORMAT] [--output=human|json] [--backing-chain] [-U] FILE" },
    { "map", img_map, "[-f FORMAT] [--output=human|json] [-U] FILE" },
    { "convert", img_convert,
      "[-p] [-q] [-n] [-f FORMAT] [-O FORMAT] [-B BACKING [-F BACKING_FORMAT]] [-o OPTIONS] FILE OUTPUT" },
    { "resize", img_resize, "[-q] [-f FORMAT] [--shrink] FILE [+|-]SIZE" },
    { "check", img_check, "[-q] [-f FORMAT] [--output=human|json] [-r leaks|all] [-U] FILE" },
};

int img_fail(GError *err)
{
    fprintf(stderr, "doppel-img: %s\n", err->message);
    g_error_free(err);
    return 1;
}

int img_fail_text(const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    fprintf(stderr, "doppel-img: %s\n", text);
    return 1;
}

bool img_parse_output(const char *text, bool *json)
{
    *json = !strcmp(text, "json");
    if (!*json && strcmp(text, "human")) {
        img_fail_text("--output=%s is not accepted; accepted: human, json", text);
        return false;
    }
    return true;
}

void img_json_string(GString *out, const char *text)
{
    g_string_append_c(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\') {
            g_string_append_printf(out, "\\%c", *p);
        } else if ((unsigned char)*p < 0x20) {
            g_string_append_printf(out, "\\u%04x", *p);
        } else {
            g_string_append_c(out, *p);
        }
    }
    g_string_append_c(out, '"');
}

static void usage(FILE *to)
{
    fprintf(to, "usage: doppel-img COMMAND ...\n");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].arguments);
    }
    fprintf(to, "FORMAT is raw or qcow2; SIZE is bytes, or has a suffix k, M, G, T.\n"
            "OPTIONS of qcow2: cluster_size=N,compat=0.10|1.1,refcount_bits=N,lazy_refcounts=on|off,"
            "compression_type=zlib|zstd,\n  preallocation=off,backing_file=FILE,backing_fmt=FORMAT,size=N; "
            "of raw: size=N,preallocation=off|falloc.\n");
}

int main(int argc, char **argv)
{
    if (argc >= 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))) {
        usage(stdout);
        return 0;
    }
    if (argc >= 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
        printf("doppel-img %s\n", DOPPEL_VERSION);
        return 0;
    }
    for (size_t i = 0; argc >= 2 && i < G_N_ELEMENTS(commands); i++) {
        if (!strcmp(argv[1], commands[i].name)) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    if (argc >= 2) {
        img_fail_text("there is no command '%s'", argv[1]);
    }
    usage(stderr);
    return 1;
}
