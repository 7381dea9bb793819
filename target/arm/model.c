/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPU models: what "-cpu cortex-a76,crc32=off" means. A model is a set of rows of ext.def and some numbers. */
#include <stdio.h>
#include <string.h>

#include "target/arm/model.h"
#include "util/options.h"

/* Column "models" of ext.def. */
enum { A = 1, N = 2, MAX = 4, V7 = 8 };

#define ID_(name) ARM_ID_##name

static const struct ext_row {
    const char *name, *text;
    uint8_t models, id, low, value;
} exts[ARM_EXTS] = {
#define ARM_EXT(name_, models_, id_, low_, value_, text_) \
    { .name = #name_, .text = text_, .models = models_, .id = ID_(id_), .low = low_, .value = value_ },
#include "target/arm/ext.def"
#undef ARM_EXT
};

static const struct model {
    const char *name, *text, *compatible;
    uint32_t midr;
    uint8_t set;                    /* A, N, V7: rows of that column; MAX: all */
    uint8_t pa_range;               /* ID_AA64MMFR0_EL1.PARange */
    uint8_t a32_levels;             /* bits of levels that can be AArch32; V7: those that there are */
    uint32_t ctr;                   /* CTR of AArch32-only models */
    uint32_t mmfr0;                 /* ID_MMFR0 */
} models[] = {
    { "cortex-a7", "Armv7-A, 32 bits", "arm,cortex-a7", 0x410fc075, V7, 0, 3, 0x84448003, 0x10101105 },
    { "cortex-a15", "Armv7-A, 32 bits", "arm,cortex-a15", 0x414fc0f0, V7, 0, 3, 0x8444c004, 0x10201105 },
    { "cortex-a53", "Armv8.0", "arm,cortex-a53", 0x410fd034, A, 2, 3, 0, 0x10201105 },
    { "cortex-a57", "Armv8.0", "arm,cortex-a57", 0x411fd070, A, 4, 3, 0, 0x10201105 },
    { "cortex-a72", "Armv8.0", "arm,cortex-a72", 0x410fd083, A, 4, 3, 0, 0x10201105 },
    { "cortex-a76", "Armv8.2", "arm,cortex-a76", 0x414fd0b1, N, 2, 1, 0, 0x10201105 },
    { "max", "64 bits, all features that there are", "arm,armv8", 0x000f0510, MAX, 5, 3, 0, 0x10201105 },
    { "neoverse-n1", "Armv8.2", "arm,neoverse-n1", 0x414fd0c1, N, 5, 1, 0, 0x10201105 },
};

static char *lower(const char *name)
{
    return g_ascii_strdown(name, -1);
}

static bool is_property(unsigned ext)
{
    return ext != ARM_EXT_I && ext != ARM_EXT_FP && ext != ARM_EXT_V8;
}

static bool read_properties(struct arm_cpu *cpu, struct options *o, GError **err)
{
    for (unsigned i = 0; i < ARM_EXTS; i++) {
        g_autofree char *key = lower(exts[i].name);
        bool on = arm_has(cpu, i);

        if (is_property(i) && options_get(o, key) && !options_get_bool(o, key, &on, err)) {
            return false;
        }
        arm_ext_set(&cpu->ext, i, on);
    }
    return !options_get(o, "pauth-qarma5") || options_get_bool(o, "pauth-qarma5", &cpu->pauth_qarma5, err);
}

/* The largest value of a field's rows counts. */
static void set_field(uint64_t *reg, unsigned low, unsigned value)
{
    if ((*reg >> low & 15) < value) {
        *reg = (*reg & ~(15ull << low)) | (uint64_t)value << low;
    }
}

static void set_ids(struct arm_cpu *cpu, const struct model *m)
{
    for (unsigned i = 0; i < ARM_EXTS; i++) {
        if (exts[i].id != ARM_ID_NONE && arm_has(cpu, i)) {
            set_field(&cpu->id[exts[i].id], exts[i].low, exts[i].value);
        }
    }
    if (arm_has(cpu, ARM_EXT_FP16)) {
        cpu->id[ARM_ID_PFR0] |= 1 << 20;                    /* AdvSIMD says the same as FP */
    }
    if (arm_has(cpu, ARM_EXT_PAuth)) {
        /* FEAT_FPACCOMBINE, and generic codes: fields APA and GPA for QARMA5, API and GPI for our own */
        cpu->id[ARM_ID_ISAR1] |= cpu->pauth_qarma5 ? 5ull << 4 | 1ull << 24 : 5ull << 8 | 1ull << 28;
    }
    cpu->id[ARM_ID_DFR0] = 0x10305006;      /* v8 debug, 6 breakpoints, 4 watchpoints, 2 context-aware, no PMU */
    cpu->id[ARM_ID_MMFR0] = m->pa_range | 2 << 4 | 1 << 8 | 1 << 20;    /* ASIDs of 16 bits, mixed endian, 16 KiB granule */
    if (m->set != A) {
        cpu->id[ARM_ID_PFR0] |= 1ull << 56 | 1ull << 60;    /* CSV2, CSV3: nothing is speculated */
        cpu->id[ARM_ID_MMFR1] |= 2 << 4;                    /* VMIDs of 16 bits */
        cpu->id[ARM_ID_MMFR2] |= 1;                         /* CnP */
    }
}

/*
 * AArch32's registers, c1 and c2 by opc2. DDI 0464 and DDI 0438, "Identification registers", but for what we lack: no
 * security and virtualization extensions of AArch32, no debug, no ThumbEE.
 */
static void set_ids32(struct arm_cpu *cpu, const struct model *m)
{
    static const uint32_t c1[8] = { 0x00000131, 0x00010001, 0, 0, 0, 0x20000000, 0x01240000, 0x02102211 };
    static const uint32_t c2[8] = { 0x02101110, 0x13112111, 0x21232041, 0x11112131, 0x10011142 };
    bool v8 = m->set != V7;

    for (unsigned i = 0; i < 8; i++) {
        cpu->id32[ARM_ID32_C1 + i] = c1[i];
        cpu->id32[ARM_ID32_C2 + i] = c2[i];
    }
    cpu->id32[ARM_ID32_C1 + 4] = m->mmfr0;
    cpu->id32[ARM_ID32_MVFR] = 0x10110222;
    cpu->id32[ARM_ID32_MVFR + 1] = v8 ? 0x12111111 : 0x11111111;
    if (v8) {
        cpu->id32[ARM_ID32_C2 + 2] = 0x21232042;
        cpu->id32[ARM_ID32_C2 + 3] = 0x01112131;
        cpu->id32[ARM_ID32_C2 + 4] = 0x00011142;
        cpu->id32[ARM_ID32_C2 + 5] = 1 | (arm_has(cpu, ARM_EXT_PMULL) ? 2 << 4 : arm_has(cpu, ARM_EXT_AES) ? 1 << 4 : 0) |
                                     (arm_has(cpu, ARM_EXT_SHA1) ? 1 << 8 : 0) | (arm_has(cpu, ARM_EXT_SHA256) ? 1 << 12 : 0) |
                                     (arm_has(cpu, ARM_EXT_CRC32) ? 1 << 16 : 0);
        cpu->id32[ARM_ID32_MVFR + 2] = 0x43;
    }
}

static char *model_names(void)
{
    GString *s = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        g_string_append_printf(s, "%s%s", i ? ", " : "", models[i].name);
    }
    return g_string_free(s, FALSE);
}

static const struct model *find_model(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        if (!strcmp(models[i].name, name)) {
            return &models[i];
        }
    }
    return NULL;
}

static bool build(struct arm_cpu *cpu, const struct model *m, struct options *o, GError **err)
{
    cpu->model = m->name;
    cpu->compatible = m->compatible;
    cpu->midr = m->midr;
    cpu->a64 = m->set != V7;
    cpu->a32_levels = m->a32_levels;
    cpu->ctr = cpu->a64 ? 0xb444c004 : m->ctr;  /* lines of 64 bytes; IDC and DIC: caches are coherent */
    cpu->dczid = 4;                     /* 64 bytes */
    for (unsigned i = 0; i < ARM_EXTS; i++) {
        arm_ext_set(&cpu->ext, i, m->set == MAX || (exts[i].models & m->set));
    }
    if (!read_properties(cpu, o, err) || !options_finish(o, err)) {
        return false;
    }
    set_ids(cpu, m);
    set_ids32(cpu, m);
    return true;
}

bool arm_model_init(struct arm_cpu *cpu, const char *text, GError **err)
{
    struct options *o = options_parse("-cpu", text, "model", err);
    const struct model *m;
    bool ok = false;

    if (!o) {
        return false;
    }
    m = find_model(options_get(o, "model") ? options_get(o, "model") : "");
    if (m) {
        ok = build(cpu, m, o, err);
    } else {
        g_autofree char *names = model_names();

        g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: no such ARM model; there are: %s", text, names);
    }
    options_free(o);
    return ok;
}

void arm_model_help(void)
{
    printf("ARM CPU models:\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        printf("  %-12s %s\n", models[i].name, models[i].text);
    }
    printf("\nFeatures, on or off (-cpu max,lse=off):\n");
    for (unsigned i = 0; i < ARM_EXTS; i++) {
        g_autofree char *name = lower(exts[i].name);

        if (is_property(i)) {
            printf("  %-12s %s\n", name, exts[i].text);
        }
    }
    printf("  %-12s %s\n", "pauth-qarma5", "pointer authentication by QARMA5 (off by default: slower)");
}
