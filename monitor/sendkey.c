/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "monitor/sendkey.h"

#include "system/machine.h"
#include "ui/display.h"

#define STEPS_MAX 1024

/* A key goes up or down, then nothing happens for a while. */
struct step {
    unsigned key;
    bool down;
    unsigned then_ms;
};

struct sendkey {
    struct machine *m;
    GQueue steps;           /* of struct step */
    struct timer timer;     /* armed while steps wait */
};

static void run(void *opaque)
{
    struct sendkey *s = opaque;
    struct step *step;

    while ((step = g_queue_pop_head(&s->steps))) {
        unsigned wait_ms = step->then_ms;

        input_key(&s->m->display->input, step->key, step->down);
        g_free(step);
        if (wait_ms) {
            timer_set_ns(&s->timer, clock_now_ns(&s->m->virtual_clock) + wait_ms * 1000000ll);
            return;
        }
    }
}

static void add(struct sendkey *s, unsigned key, bool down, unsigned then_ms)
{
    struct step *step = g_new(struct step, 1);

    *step = (struct step) { key, down, then_ms };
    g_queue_push_tail(&s->steps, step);
}

bool sendkey(struct machine *m, const unsigned *keys, unsigned count, unsigned hold_ms, GError **err)
{
    struct sendkey *s = m->sendkey;

    if (!s) {
        s = m->sendkey = g_new0(struct sendkey, 1);
        s->m = m;
        g_queue_init(&s->steps);
        timer_init(&s->timer, &m->virtual_clock, run, s);
    }
    if (g_queue_get_length(&s->steps) + 2 * count > STEPS_MAX) {
        g_set_error(err, g_quark_from_static_string("monitor"), 0, "too many keys wait to be pressed");
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        add(s, keys[i], true, i + 1 == count ? hold_ms : 0);
    }
    for (unsigned i = count; i-- > 0;) {
        add(s, keys[i], false, i ? 0 : hold_ms);
    }
    if (!timer_armed(&s->timer)) {
        run(s);
    }
    return true;
}

void sendkey_free(struct machine *m)
{
    if (m->sendkey) {
        machine_lock(m);
        timer_free(&m->sendkey->timer);
        g_queue_clear_full(&m->sendkey->steps, g_free);
        g_free(m->sendkey);
        m->sendkey = NULL;
        machine_unlock(m);
    }
}
