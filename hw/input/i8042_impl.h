/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard controller (i8042.c) and the two devices on it (ps2.c). */
#ifndef HW_INPUT_I8042_IMPL_H
#define HW_INPUT_I8042_IMPL_H

#include "hw/isa/isa.h"
#include "ui/display.h"

#define PS2_QUEUE_BYTES 16

enum { KBD, MOUSE, PORTS };
enum { MODE_TRANSLATE = 0x40 };         /* the controller makes set 1 of set 2 */

struct i8042 {
    struct isa_device isa;
    uint8_t mode, out_port;
    uint8_t pending;            /* the command whose data byte comes at port 0x60 */
    uint8_t last;               /* what port 0x60 gave last */
    uint8_t from_controller, from_controller_port;     /* a byte of the controller's own waits; as whose it counts */
    bool have_controller;
    uint8_t shown;              /* 1 + the port whose byte the guest has been told of; 0: none */
    uint8_t queue[PORTS][PS2_QUEUE_BYTES], head[PORTS], count[PORTS];
    uint8_t expects[PORTS];     /* the device's command whose parameter comes next; 0: none */
    bool scanning, wrap;
    uint8_t leds, rate_kbd, scan_set;
    uint8_t mouse_status, mouse_rate, mouse_resolution, mouse_id;
    uint8_t knock[3];           /* the last rates, for the wheel's */
    int32_t moved[3];           /* of the mouse since its last packet: right, down, wheel towards the user */
    uint8_t buttons, buttons_told;      /* bit n: as a packet has them; told: in the last packet */
    struct mem_region data, command, port92;
    struct input_sink keyboard, mouse;
};

/* Lines and the byte shown, after the queues have changed. */
void i8042_update(struct device *d);

/* ---- the devices ---- */

void ps2_init(struct i8042 *s);
void ps2_free(struct i8042 *s);
void ps2_reset(struct i8042 *s);
/* A byte from the host. */
void ps2_keyboard_write(struct i8042 *s, uint8_t v);
void ps2_mouse_write(struct i8042 *s, uint8_t v);
/* A byte has been read: movements may have waited for room. */
void ps2_room(struct i8042 *s);

#endif
