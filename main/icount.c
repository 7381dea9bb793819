/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -icount and -seed: what makes two runs the same. */
#include <string.h>

#include "main/setup.h"
#include "util/options.h"

static bool read_icount(struct icount_options *ic, struct options *o, GError **err)
{
    const char *shift = options_need(o, "shift", err);
    uint64_t n = 3;

    if (!shift) {
        return false;
    }
    ic->automatic = !strcmp(shift, "auto");
    ic->sleep = true;
    if ((!ic->automatic && !options_get_u64(o, "shift", 0, ICOUNT_SHIFT_MAX, &n, err)) ||
        !options_get_bool(o, "align", &ic->align, err) || !options_get_bool(o, "sleep", &ic->sleep, err)) {
        return false;
    }
    if (options_get(o, "rr") || options_get(o, "rrfile") || options_get(o, "rrsnapshot")) {
        g_set_error(err, MAIN_ERROR, 0, "-icount: rr=: record and replay are not there; without outside input a run "
                    "with a fixed shift repeats itself");
        return false;
    }
    if ((ic->automatic || !ic->sleep) && ic->align) {
        g_set_error(err, MAIN_ERROR, 0, "-icount: align=on needs a fixed shift and sleep=on");
        return false;
    }
    if (ic->automatic && !ic->sleep) {
        g_set_error(err, MAIN_ERROR, 0, "-icount: sleep=off needs a fixed shift, because shift=auto follows real time");
        return false;
    }
    ic->shift = n;
    ic->on = true;
    return options_finish(o, err);
}

bool setup_icount(struct setup *s, GError **err)
{
    struct machine_options *opt = &s->m->opt;
    struct options *o;
    bool ok;

    if (s->c->seed) {
        opt->has_seed = true;
        if (!options_parse_u64("-seed", "number", s->c->seed, 0, UINT64_MAX, &opt->seed, err)) {
            return false;
        }
    }
    if (!s->c->icount) {
        return true;
    }
    o = options_parse("-icount", s->c->icount, "shift", err);
    ok = o && read_icount(&opt->icount, o, err);
    options_free(o);
    opt->has_seed |= !opt->icount.automatic;
    return ok;
}
