/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU models: what "-cpu rv64,zba=off,sv57=off" means. A model is a set of rows of ext.def and an MMU; properties change
 * both, and what an extension needs follows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "system/machine.h"
#include "target/riscv/model.h"
#include "util/options.h"

/* Column "models" of ext.def. */
enum { N = 0, R = 1, P = 2 };
enum { FIXED, PROP, HIDDEN };

static const struct ext_row {
    const char *name, *text, *needs;
    uint8_t kind, models;
} exts[RV_EXTS] = {
#define RV_EXT(name_, kind_, models_, text_, needs_) \
    { .name = #name_, .text = text_, .needs = needs_, .kind = kind_, .models = models_ },
#include "target/riscv/ext.def"
#undef RV_EXT
};

enum { ALL = 0x80, NONE = 0x40 };

static const struct model {
    const char *name, *text;
    uint8_t set;                    /* R, P: rows of that column; ALL; NONE */
    uint8_t mxlen, satp_max;
    bool pmp;
} models[] = {
    { "max", "64 bits, all extensions that there are", ALL, 64, SATP_SV57, true },
    { "max32", "32 bits, all extensions that there are", ALL, 32, SATP_SV32, true },
    { "rv32", "32 bits, general purpose", R, 32, SATP_SV32, true },
    { "rv32i", "32 bits, base instructions only", NONE, 32, SATP_BARE, false },
    { "rv64", "64 bits, general purpose", R, 64, SATP_SV57, true },
    { "rv64i", "64 bits, base instructions only", NONE, 64, SATP_BARE, false },
    { "rva22s64", "64 bits, profile RVA22S64", P, 64, SATP_SV39, true },
};

/* Models and extensions that people's command lines name and that are not there: off is accepted for the latter. */
static const char *const no_models[][2] = {
    { "rva23s64", "the profile needs the vector and hypervisor extensions, which are not there yet; nearest: rva22s64" },
    { "rva23u64", "the profile needs the vector extension, which is not there yet; nearest: rva22s64" },
    { "rva22u64", "the profile has no supervisor mode; nearest: rva22s64" },
    { "rv64e", "base instructions with 16 registers are not there; nearest: rv64i" },
    { "rv32e", "base instructions with 16 registers are not there; nearest: rv32i" },
    { "x-rv128", "128 bits are not there; nearest: rv64" },
};
static const char *const no_exts[] = {
    "e", "h", "v", "sdtrig", "smaia", "smcdeleg", "smcntrpmf", "smcsrind", "smctr", "smdbltrp", "smepmp", "smmpm", "smnpm",
    "smpmpmt", "smrnmi", "ssaia", "ssccfg", "sscofpmf", "sscsrind", "ssctr", "ssdbltrp", "ssnpm", "sspm", "supm",
    "svrsw60t59b", "zabha", "zalasr", "zama16b", "zbkx", "zce", "zclsd", "zcmp", "zcmt", "zdinx", "zfbfmin", "zfinx", "zhinx",
    "zhinxmin", "zicfilp", "zicfiss", "zilsd", "zk", "zkn", "zknd", "zkne", "zknh", "zkr", "zks", "zksed", "zksh", "zkt",
    "ztso", "zvbb", "zvbc", "zve32f", "zve32x", "zve64d", "zve64f", "zve64x", "zvfbfmin", "zvfbfwma", "zvfh", "zvfhmin",
    "zvkb", "zvkg", "zvkn", "zvknc", "zvkned", "zvkng", "zvknha", "zvknhb", "zvks", "zvksc", "zvksed", "zvksg", "zvksh",
    "zvkt", "debug", "big-endian",
};

static const struct {
    const char *key;
    uint8_t mode, mxlen;
} satp_modes[] = {
    { "sv32", SATP_SV32, 32 }, { "sv39", SATP_SV39, 64 }, { "sv48", SATP_SV48, 64 }, { "sv57", SATP_SV57, 64 },
};

/* What the user said about each extension, and what follows from it. */
enum wish { FREE, WANTED, REFUSED };

struct building {
    struct rv_cpu *cpu;
    struct options *o;
    uint8_t wish[RV_EXTS];
};

static const struct model *find_model(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        if (!strcmp(models[i].name, name)) {
            return &models[i];
        }
    }
    return NULL;
}

/* Also those that are not there by name: rv_model_init() has a better answer than that nobody knows them. */
bool rv_has_model(const char *name)
{
    bool named = find_model(name) != NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(no_models); i++) {
        named |= !strcmp(no_models[i][0], name);
    }
    return named;
}

static int find_ext(const char *name, size_t len)
{
    for (unsigned i = 0; i < RV_EXTS; i++) {
        if (!strncmp(exts[i].name, name, len) && !exts[i].name[len]) {
            return i;
        }
    }
    return -1;
}

static char *lower(const char *name)
{
    return g_ascii_strdown(name, -1);
}

/* ---- extensions ---- */

static void set_defaults(struct building *b, const struct model *m)
{
    for (unsigned i = 0; i < RV_EXTS; i++) {
        bool on = exts[i].kind != FIXED && (m->set == ALL || (exts[i].models & m->set));

        /* Both would leave the choice to firmware; like QEMU's, the largest model has hardware updates at reset. */
        on &= !(m->set == ALL && (i == RV_EXT_Svade || (i == RV_EXT_Zcf && m->mxlen == 64)));
        rv_ext_set(&b->cpu->ext, i, on);
    }
}

static bool read_properties(struct building *b, GError **err)
{
    for (unsigned i = 0; i < RV_EXTS; i++) {
        g_autofree char *key = lower(exts[i].name);
        bool on = rv_has(b->cpu, i);

        if (exts[i].kind == FIXED || !options_get(b->o, key)) {
            continue;
        }
        if (!options_get_bool(b->o, key, &on, err)) {
            return false;
        }
        b->wish[i] = on ? WANTED : REFUSED;
        rv_ext_set(&b->cpu->ext, i, on);
    }
    return true;
}

/* Row i is on and needs row `need`, which is off: switch that on, or i off where the user refused `need`. */
static bool settle(struct building *b, unsigned i, unsigned need, GError **err)
{
    if (b->wish[need] != REFUSED) {
        rv_ext_set(&b->cpu->ext, need, true);
        return true;
    }
    if (b->wish[i] == WANTED) {
        g_autofree char *a = lower(exts[i].name), *n = lower(exts[need].name);

        g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: %s=on needs %s, which is off", b->cpu->model, a, n);
        return false;
    }
    b->wish[i] = REFUSED;
    rv_ext_set(&b->cpu->ext, i, false);
    return true;
}

static bool row_needs(struct building *b, unsigned i, bool *changed, GError **err)
{
    for (const char *p = exts[i].needs; *p && rv_has(b->cpu, i); p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        int need = find_ext(p, len);

        g_assert(need >= 0);
        if (!rv_has(b->cpu, need)) {
            *changed = true;
            if (!settle(b, i, need, err)) {
                return false;
            }
        }
        p += len;
    }
    return true;
}

static bool close_needs(struct building *b, GError **err)
{
    bool changed;

    do {
        changed = false;
        for (unsigned i = 0; i < RV_EXTS; i++) {
            if (!row_needs(b, i, &changed, err)) {
                return false;
            }
        }
    } while (changed);
    return true;
}

/* C stands for the compressed FP loads and stores, too, where their registers exist (ISA manual, "Zc*"). */
static void expand_c(struct building *b)
{
    struct rv_cpu *cpu = b->cpu;

    if (!rv_has(cpu, RV_EXT_C)) {
        return;
    }
    if (rv_has(cpu, RV_EXT_D) && b->wish[RV_EXT_Zcd] != REFUSED) {
        rv_ext_set(&cpu->ext, RV_EXT_Zcd, true);
    }
    if (rv_has(cpu, RV_EXT_F) && cpu->mxlen == 32 && b->wish[RV_EXT_Zcf] != REFUSED) {
        rv_ext_set(&cpu->ext, RV_EXT_Zcf, true);
    }
}

static void set_fixed(struct rv_cpu *cpu)
{
    for (unsigned i = 0; i < RV_EXTS; i++) {
        bool on = exts[i].kind == FIXED;

        for (const char *p = exts[i].needs; on && *p; p += strspn(p, " ")) {
            size_t len = strcspn(p, " ");

            on = rv_has(cpu, find_ext(p, len));
            p += len;
        }
        if (exts[i].kind == FIXED) {
            rv_ext_set(&cpu->ext, i, on);
        }
    }
    if (cpu->cbom_bytes != 64 || cpu->cboz_bytes != 64 || cpu->cbop_bytes != 64) {
        rv_ext_set(&cpu->ext, RV_EXT_Zic64b, false);
    }
}

static bool check_exts(struct rv_cpu *cpu, GError **err)
{
    if (rv_has(cpu, RV_EXT_Zcf) && cpu->mxlen == 64) {
        g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: zcf=on needs a 32-bit model", cpu->model);
        return false;
    }
    return true;
}

/* ---- other properties ---- */

static bool read_mmu(struct building *b, const struct model *m, GError **err)
{
    unsigned cap = SATP_SV57, want = SATP_BARE, below = SATP_BARE;
    bool mmu = true;

    for (unsigned i = 0; i < G_N_ELEMENTS(satp_modes); i++) {
        bool on = true;

        if (!options_get(b->o, satp_modes[i].key)) {
            below = satp_modes[i].mode;
            continue;
        }
        if (!options_get_bool(b->o, satp_modes[i].key, &on, err)) {
            return false;
        }
        if (on && satp_modes[i].mxlen != m->mxlen) {
            g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: %s=on is for %u-bit models", m->name, satp_modes[i].key,
                        satp_modes[i].mxlen);
            return false;
        }
        if (on) {
            want = below = satp_modes[i].mode;
        } else if (satp_modes[i].mxlen == m->mxlen) {
            cap = MIN(cap, m->mxlen == 64 && below < SATP_SV39 ? SATP_BARE : below);
        }
    }
    if (want > cap) {
        g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: a mode of address translation that is on needs the smaller ones",
                    m->name);
        return false;
    }
    if (!options_get_bool(b->o, "mmu", &mmu, err)) {
        return false;
    }
    b->cpu->satp_max = mmu && rv_has(b->cpu, RV_EXT_S) ? (want ? want : MIN(m->satp_max, cap)) : SATP_BARE;
    return true;
}

static bool read_block_size(struct options *o, const char *key, uint16_t *bytes, GError **err)
{
    uint64_t v = 64;

    if (!options_get_u64(o, key, 8, 4096, &v, err)) {
        return false;
    }
    if (v & (v - 1)) {
        g_set_error(err, OPTIONS_ERROR, 0, "-cpu: %s=%" PRIu64 " is no power of two from 8 to 4096", key, v);
        return false;
    }
    *bytes = v;
    return true;
}

/* Which performance counters there are: pmu-mask=, or the older pmu-num= (so many from the third on). */
static bool read_pmu(struct building *b, GError **err)
{
    uint64_t mask, count = 16;

    if (!options_get_u64(b->o, "pmu-num", 0, 29, &count, err)) {
        return false;
    }
    mask = ((1ull << count) - 1) << 3;
    if (!options_get_u64(b->o, "pmu-mask", 0, UINT32_MAX & ~7u, &mask, err)) {
        return false;
    }
    if (mask & 7) {
        g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: pmu-mask=0x%" PRIx64 ": bits 0 to 2 are not programmable counters; "
                    "accepted: 0 to 0xfffffff8 without them", b->cpu->model, mask);
        return false;
    }
    b->cpu->pmu_mask = rv_has(b->cpu, RV_EXT_Zihpm) ? mask : 0;
    return true;
}

static bool read_rest(struct building *b, const struct model *m, GError **err)
{
    struct rv_cpu *cpu = b->cpu;

    cpu->pmp_on = m->pmp;
    return read_pmu(b, err) && options_get_bool(b->o, "pmp", &cpu->pmp_on, err) &&
           read_block_size(b->o, "cbom_blocksize", &cpu->cbom_bytes, err) &&
           read_block_size(b->o, "cbop_blocksize", &cpu->cbop_bytes, err) &&
           read_block_size(b->o, "cboz_blocksize", &cpu->cboz_bytes, err) &&
           options_get_u64(b->o, "mvendorid", 0, UINT32_MAX, &cpu->mvendorid, err) &&
           options_get_u64(b->o, "marchid", 0, UINT64_MAX, &cpu->marchid, err) &&
           options_get_u64(b->o, "mimpid", 0, UINT64_MAX, &cpu->mimpid, err);
}

/* What is not there: "off" is true of it, "on" is refused by name. */
static bool read_absent(struct building *b, GError **err)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(no_exts); i++) {
        bool on = false;

        if (!options_get_bool(b->o, no_exts[i], &on, err)) {
            return false;
        }
        if (on) {
            g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: %s=on: not there yet; '-cpu help' lists what is", b->cpu->model,
                        no_exts[i]);
            return false;
        }
    }
    return true;
}

static bool check_unused(struct building *b, GError **err)
{
    const char *key = options_unused(b->o);

    if (key) {
        g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: there is no property '%s'; '-cpu help' lists them", b->cpu->model, key);
    }
    return !key;
}

static bool build(struct building *b, const struct model *m, GError **err)
{
    struct rv_cpu *cpu = b->cpu;

    cpu->model = m->name;
    cpu->mxlen = m->mxlen;
    set_defaults(b, m);
    if (!read_properties(b, err) || !close_needs(b, err)) {
        return false;
    }
    expand_c(b);
    if (!check_exts(cpu, err) || !read_mmu(b, m, err) || !read_rest(b, m, err) || !read_absent(b, err) ||
        !check_unused(b, err)) {
        return false;
    }
    set_fixed(cpu);
    return true;
}

static char *model_names(void)
{
    GString *s = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        g_string_append_printf(s, "%s%s", i ? ", " : "", models[i].name);
    }
    return g_string_free(s, FALSE);
}

static void no_model(const char *name, GError **err)
{
    g_autofree char *names = model_names();

    for (unsigned i = 0; i < G_N_ELEMENTS(no_models); i++) {
        if (!strcmp(no_models[i][0], name)) {
            g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: %s", name, no_models[i][1]);
            return;
        }
    }
    g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: no such RISC-V model; there are: %s", name, names);
}

/* The model for a machine that was asked for as riscv32 (opt.target_bits): "max" is the one of 32 bits there. */
static const struct model *model_for(const struct rv_cpu *cpu, const char *name, GError **err)
{
    bool narrow = cpu->cpu.machine && cpu->cpu.machine->opt.target_bits == 32;
    const struct model *m = find_model(narrow && !strcmp(name, "max") ? "max32" : name);

    if (!m) {
        no_model(name, err);
    } else if (narrow && m->mxlen != 32) {
        g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: a model of 64 bits, and the target is riscv32; nearest: max, rv32", name);
        return NULL;
    }
    return m;
}

bool rv_model_init(struct rv_cpu *cpu, const char *text, GError **err)
{
    struct building b = { .cpu = cpu };
    const struct model *m;
    bool ok = false;

    b.o = options_parse("-cpu", text, "model", err);
    if (!b.o) {
        return false;
    }
    m = model_for(cpu, options_get(b.o, "model") ? options_get(b.o, "model") : text, err);
    ok = m && build(&b, m, err);
    options_free(b.o);
    return ok;
}

void rv_model_help(void)
{
    printf("RISC-V CPU models:\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        printf("  %-12s %s\n", models[i].name, models[i].text);
    }
    printf("\nExtensions, on or off (-cpu rv64,zba=off):\n");
    for (unsigned i = 0; i < RV_EXTS; i++) {
        g_autofree char *name = lower(exts[i].name);

        if (exts[i].kind != FIXED) {
            printf("  %-12s %s\n", name, exts[i].text);
        }
    }
    printf("\nOther properties:\n"
           "  mmu, sv32, sv39, sv48, sv57   address translation, on or off\n"
           "  pmp                           physical memory protection, on or off\n"
           "  cbom_blocksize, cbop_blocksize, cboz_blocksize   bytes of a cache block, a power of two\n"
           "  pmu-mask, pmu-num             which, or how many, performance counters\n"
           "  mvendorid, marchid, mimpid    values of these registers\n");
}

/* ---- names for the device tree ---- */

char *rv_isa_string(const struct rv_cpu *cpu)
{
    GString *s = g_string_new(NULL);

    g_string_printf(s, "rv%u", cpu->mxlen);
    for (unsigned i = 0; i < RV_EXTS; i++) {
        g_autofree char *name = lower(exts[i].name);

        if (rv_has(cpu, i) && exts[i].kind != HIDDEN) {
            g_string_append_printf(s, "%s%s", name[1] ? "_" : "", name);
        }
    }
    return g_string_free(s, FALSE);
}

GString *rv_isa_list(const struct rv_cpu *cpu)
{
    GString *s = g_string_new(NULL);

    for (unsigned i = 0; i < RV_EXTS; i++) {
        g_autofree char *name = lower(exts[i].name);

        if (rv_has(cpu, i) && exts[i].kind != HIDDEN) {
            g_string_append(s, name);
            g_string_append_c(s, 0);
        }
    }
    return s;
}
