/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPU models: what "-cpu Haswell,-avx2,+pcid" means. A model is a family number, a vendor and a list of features; the
 * user changes features one by one. The translator drops what it does not have from a model's list, silently where the
 * model brought it, with an error where the user asked for it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "system/accel.h"
#include "system/machine.h"
#include "target/x86/model.h"
#include "util/options.h"

enum { T = 1, K = 2 };

static const struct feature_row {
    const char *name;
    uint8_t word, bit, have;
} features[X86_FEATURES] = {
#define X86_FEATURE(NAME, name, word, bit, have) { name, X86_WORD_##word, bit, have },
#include "target/x86/feature.def"
#undef X86_FEATURE
};

#define F_486 "fpu vme "
#define F_PENTIUM F_486 "de pse tsc msr mce cx8 apic "
#define F_PENTIUM3 F_PENTIUM "pae sep mtrr pge mca cmov pat pse36 mmx fxsr sse "
#define F_QEMU32 "pae sep pge cmov pat mmx fxsr sse "
#define F_V1 F_PENTIUM3 "clflush sse2 syscall nx lm "
#define F_V2 F_V1 "sse3 ssse3 sse4.1 sse4.2 cx16 popcnt lahf_lm "
#define F_V3 F_V2 "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave "
#define F_NEHALEM F_V2
#define F_HASWELL F_V3 "pclmulqdq aes pcid x2apic tsc-deadline rdrand rdtscp fsgsbase smep erms invpcid xsaveopt arat "

static const char intel[] = "GenuineIntel", amd[] = "AuthenticAMD";

enum { ALL = 1, HOST = 2 };

static const struct model {
    const char *name, *text, *vendor, *brand, *features;
    uint8_t family, model, stepping;
    uint32_t level, xlevel;
    uint8_t special;
} models[] = {
    { "486", "Intel 486DX4", intel, "", F_486, 4, 8, 0, 1, 0 },
    { "EPYC", "AMD EPYC (Zen)", amd, "AMD EPYC Processor",
      F_V3 "vme pclmulqdq aes rdrand rdtscp pdpe1gb fxsr_opt cr8legacy misalignsse 3dnowprefetch osvw sse4a topoext fsgsbase "
      "smep smap rdseed adx clflushopt sha-ni xsaveopt xsavec xgetbv1 arat ht", 23, 1, 2, 0xd, 0x8000001f },
    { "Haswell", "Intel Core (Haswell)", intel, "Intel Core Processor (Haswell)", F_HASWELL "rtm", 6, 60, 4, 0xd, 0x80000008 },
    { "Nehalem", "Intel Core i7 9xx (Nehalem)", intel, "Intel Core i7 9xx (Nehalem Class Core i7)", F_NEHALEM, 6, 26, 3, 0xb,
      0x80000008 },
    { "core2duo", "Intel Core 2 Duo", intel, "Intel(R) Core(TM)2 Duo CPU     T7700  @ 2.40GHz",
      F_V1 "sse3 ssse3 cx16 monitor lahf_lm ss ht", 6, 15, 11, 10, 0x80000008 },
    { "host", "the host's CPU (with -accel kvm)", NULL, NULL, "", 0, 0, 0, 0, 0, HOST },
    { "max", "everything that the accelerator offers", amd, "Doppel Virtual CPU", "", 15, 107, 1, 0xd, 0x80000008, ALL },
    { "pentium", "Intel Pentium", intel, "", F_PENTIUM, 5, 4, 3, 1, 0 },
    { "pentium3", "Intel Pentium III", intel, "", F_PENTIUM3, 6, 7, 3, 3, 0 },
    { "qemu32", "32 bits, generic", intel, "Doppel Virtual CPU", F_PENTIUM F_QEMU32 "sse2 sse3", 6, 6, 3, 4, 0x80000004 },
    { "qemu64", "64 bits, generic", amd, "Doppel Virtual CPU", F_V1 "sse3 cx16 lahf_lm", 15, 107, 1, 0xd, 0x8000000a },
    { "x86-64-v1", "the x86-64 baseline", amd, "Doppel Virtual CPU", F_V1, 15, 107, 1, 0xd, 0x80000008 },
    { "x86-64-v2", "x86-64-v2: up to SSE4.2", amd, "Doppel Virtual CPU", F_V2, 15, 107, 1, 0xd, 0x80000008 },
    { "x86-64-v3", "x86-64-v3: up to AVX2", amd, "Doppel Virtual CPU", F_V3, 15, 107, 1, 0xd, 0x80000008 },
};

static int find_feature(const char *name, size_t len)
{
    for (unsigned i = 0; i < X86_FEATURES; i++) {
        if (strlen(features[i].name) != len) {
            continue;
        }
        unsigned k = 0;

        /* sse4_1, sse4-1 and sse4.1 are the same */
        while (k < len && (features[i].name[k] == name[k] ||
                           (strchr("._-", features[i].name[k]) && strchr("._-", name[k])))) {
            k++;
        }
        if (k == len) {
            return i;
        }
    }
    return -1;
}

static void set_feature(struct x86_cpu *cpu, unsigned f, bool on)
{
    uint64_t bit = 1ull << (f % 64);

    cpu->feature.bits[f / 64] = (cpu->feature.bits[f / 64] & ~bit) | (on ? bit : 0);
}

uint32_t x86_feature_word(const struct x86_cpu *cpu, enum x86_feature_words word)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < X86_FEATURES; i++) {
        if (features[i].word == word && x86_has(cpu, i)) {
            v |= 1u << features[i].bit;
        }
    }
    return v;
}

bool x86_is_native(const struct x86_cpu *cpu)
{
    const struct machine *m = cpu->cpu.machine;

    return m && m->accel && !strcmp(m->accel->type->name, "kvm");
}

/* Can the accelerator at hand provide it? */
static bool available(const struct x86_cpu *cpu, unsigned f)
{
    return x86_is_native(cpu) || features[f].have == T;
}

static void set_defaults(struct x86_cpu *cpu, const struct model *m)
{
    g_auto(GStrv) names = g_strsplit(m->features, " ", -1);

    if (m->special) {
        for (unsigned i = 0; i < X86_FEATURES; i++) {
            set_feature(cpu, i, available(cpu, i) && (features[i].have == T || m->special == HOST));
        }
    }
    for (unsigned i = 0; names[i]; i++) {
        if (*names[i]) {
            int f = find_feature(names[i], strlen(names[i]));

            g_assert(f >= 0);
            set_feature(cpu, f, available(cpu, f));
        }
    }
    set_feature(cpu, X86_FEAT_HYPERVISOR, true);    /* kernels then don't look for what only real processors have */
    if (cpu->cpu.machine && cpu->cpu.machine->opt.target_bits == 32) {
        set_feature(cpu, X86_FEAT_LM, false);
    }
}

static bool user_feature(struct x86_cpu *cpu, const char *name, size_t len, bool on, GError **err)
{
    int f = find_feature(name, len);

    if (f < 0) {
        g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: no such feature: %.*s; -cpu help lists them", cpu->model, (int)len, name);
        return false;
    }
    if (on && !available(cpu, f)) {
        g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: %s is not there with this accelerator, only with -accel kvm", cpu->model,
                    features[f].name);
        return false;
    }
    set_feature(cpu, f, on);
    return true;
}

static bool user_option(struct x86_cpu *cpu, const char *word, GError **err)
{
    const char *eq = strchr(word, '=');
    bool on = true;
    uint64_t v = 0;

    if (*word == '+' || *word == '-') {
        return user_feature(cpu, word + 1, strlen(word + 1), *word == '+', err);
    }
    if (!eq) {
        return user_feature(cpu, word, strlen(word), true, err);
    }
    if (g_str_has_prefix(word, "phys-bits=")) {
        if (!options_parse_u64("-cpu", "phys-bits", eq + 1, 32, 52, &v, err)) {
            return false;
        }
        cpu->phys_bits = v;
        return true;
    }
    if (g_str_has_prefix(word, "model-id=")) {
        g_strlcpy(cpu->name, eq + 1, sizeof cpu->name);
        return true;
    }
    if (g_str_has_prefix(word, "vendor=")) {
        if (strlen(eq + 1) != 12) {
            g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: vendor=%s: a vendor has 12 characters", cpu->model, eq + 1);
            return false;
        }
        g_strlcpy(cpu->vendor, eq + 1, sizeof cpu->vendor);
        return true;
    }
    return options_parse_bool("-cpu", word, eq + 1, &on, err) && user_feature(cpu, word, eq - word, on, err);
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

static bool no_model(const char *text, GError **err)
{
    GString *s = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        g_string_append_printf(s, "%s%s", i ? ", " : "", models[i].name);
    }
    g_set_error(err, OPTIONS_ERROR, 0, "-cpu %s: no such x86 model; there are: %s", text, s->str);
    g_string_free(s, TRUE);
    return false;
}

/* Features that make no sense without another one. */
static void settle(struct x86_cpu *cpu)
{
    static const struct { uint8_t what, needs; } rules[] = {
        { X86_FEAT_AVX, X86_FEAT_XSAVE }, { X86_FEAT_AVX2, X86_FEAT_AVX }, { X86_FEAT_FMA, X86_FEAT_AVX },
        { X86_FEAT_F16C, X86_FEAT_AVX }, { X86_FEAT_XSAVEOPT, X86_FEAT_XSAVE }, { X86_FEAT_XSAVEC, X86_FEAT_XSAVE },
        { X86_FEAT_XGETBV1, X86_FEAT_XSAVE }, { X86_FEAT_PCID, X86_FEAT_LM }, { X86_FEAT_LA57, X86_FEAT_LM },
        { X86_FEAT_LM, X86_FEAT_PAE },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (!x86_has(cpu, rules[i].needs)) {
            set_feature(cpu, rules[i].what, false);
        }
    }
}

bool x86_model_init(struct x86_cpu *cpu, const char *text, GError **err)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    const struct model *m = words[0] ? find_model(words[0]) : NULL;

    if (!m) {
        return no_model(words[0] ? words[0] : "", err);
    }
    cpu->model = m->name;
    cpu->host = m->special == HOST;
    if (cpu->host && !x86_is_native(cpu)) {
        g_set_error(err, OPTIONS_ERROR, 0, "-cpu host needs -accel kvm; with the translator, -cpu max offers the most");
        return false;
    }
    g_strlcpy(cpu->vendor, m->vendor ? m->vendor : amd, sizeof cpu->vendor);
    g_strlcpy(cpu->name, m->brand ? m->brand : "", sizeof cpu->name);
    cpu->family = m->family;
    cpu->model_number = m->model;
    cpu->stepping = m->stepping;
    cpu->level = m->level;
    cpu->xlevel = m->xlevel;
    set_defaults(cpu, m);
    for (unsigned i = 1; words[i]; i++) {
        if (*words[i] && !user_option(cpu, words[i], err)) {
            return false;
        }
    }
    settle(cpu);
    cpu->phys_bits = cpu->phys_bits ? cpu->phys_bits : x86_has(cpu, X86_FEAT_LM) ? 40 :
                     x86_has(cpu, X86_FEAT_PAE) || x86_has(cpu, X86_FEAT_PSE36) ? 36 : 32;
    cpu->virt_bits = x86_has(cpu, X86_FEAT_LA57) ? 57 : x86_has(cpu, X86_FEAT_LM) ? 48 : 32;
    if (x86_has(cpu, X86_FEAT_AVX2) || x86_has(cpu, X86_FEAT_BMI1)) {
        cpu->level = MAX(cpu->level, 7);
    }
    return true;
}

void x86_model_help(void)
{
    printf("x86 CPU models:\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(models); i++) {
        printf("  %-12s %s\n", models[i].name, models[i].text);
    }
    printf("\nFeatures (-cpu MODEL,+feature,-feature,feature=on|off); those in brackets need -accel kvm:\n ");
    for (unsigned i = 0; i < X86_FEATURES; i++) {
        printf(features[i].have == T ? " %s" : " [%s]", features[i].name);
    }
    printf("\n\nOther properties: phys-bits=32..52, model-id=NAME, vendor=TWELVECHARS\n");
}
