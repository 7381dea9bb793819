/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -fw_cfg, and -semihosting. */
#include <string.h>

#include "chardev/chardev.h"
#include "main/setup.h"
#include "system/loader.h"
#include "system/semihost.h"
#include "util/options.h"

#define FILE_BYTES_MAX (64u << 20)

static bool add(struct setup *s, const char *text, GError **err)
{
    struct options *o = options_parse("-fw_cfg", text, "name", err);
    struct fw_cfg_option f;
    const char *name, *file, *string;
    uint8_t *data = NULL;
    uint64_t len = 0;
    bool ok;

    if (!o) {
        return false;
    }
    name = options_need(o, "name", err);
    file = options_get(o, "file");
    string = options_get(o, "string");
    ok = name && options_finish(o, err);
    if (ok && !file == !string) {
        g_set_error(err, MAIN_ERROR, 0, "-fw_cfg %s: accepted: name=NAME and one of file=FILE, string=TEXT", text);
        ok = false;
    }
    if (ok && file) {
        ok = load_file(file, "-fw_cfg", FILE_BYTES_MAX, &data, &len, err);
    } else if (ok) {
        len = strlen(string);
        data = (uint8_t *)g_strdup(string);
    }
    if (ok) {
        f = (struct fw_cfg_option) { g_strdup(name), data, len };
        g_array_append_val(s->m->opt.fw_cfg, f);
    }
    options_free(o);
    return ok;
}

bool setup_firmware_files(struct setup *s, GError **err)
{
    for (unsigned i = 0; i < s->c->fw_cfgs->len; i++) {
        if (!add(s, g_array_index(s->c->fw_cfgs, struct cmdline_item, i).text, err)) {
            return false;
        }
    }
    return true;
}

bool setup_semihosting(struct setup *s, GError **err)
{
    static const char *const targets[] = { "auto", "native", "gdb", NULL };
    g_autoptr(GPtrArray) args = g_ptr_array_new();
    struct semihost_config config = { 0 };
    struct options *o;
    bool enable = true, ok;
    int target = 0;
    const char *id, *arg;
    unsigned pos = 0;

    if (!s->c->semihosting) {
        return true;
    }
    o = options_parse("-semihosting-config", s->c->semihosting, NULL, err);
    if (!o) {
        return false;
    }
    while ((arg = options_next(o, "arg", &pos))) {
        g_ptr_array_add(args, (char *)arg);
    }
    g_ptr_array_add(args, NULL);
    id = options_get(o, "chardev");
    ok = options_get_bool(o, "enable", &enable, err) && options_get_enum(o, "target", targets, &target, err) &&
         options_get_bool(o, "userspace", &config.userspace, err) && options_finish(o, err);
    if (ok && target == 2) {
        g_set_error(err, MAIN_ERROR, 0,
                    "-semihosting-config target=gdb: calls are not forwarded to gdb; accepted: native, auto");
        ok = false;
    }
    if (ok && id) {
        config.chardev = chardev_find(s->m->chardevs, id);
        ok = config.chardev != NULL;
        if (!ok) {
            g_set_error(err, MAIN_ERROR, 0, "-semihosting-config chardev=%s: no chardev with this id", id);
        }
    }
    config.args = args->len > 1 ? (char **)args->pdata : NULL;
    if (ok && enable) {
        s->m->semihost = semihost_new(s->m, &config, err);
        ok = s->m->semihost != NULL;
    }
    options_free(o);
    return ok;
}
