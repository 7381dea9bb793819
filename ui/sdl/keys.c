/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/sdl/sdl_impl.h"

/* SDL's scan codes are the usages of USB's keyboard page ("HID Usage Tables", 10): Linux's number of each, by place on the
 * keyboard, whatever layout the host has. */
static const uint8_t evdev[] = {
    0, 0, 0, 0, 30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38, 50, 49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45, 21, 44, 2, 3,
    4, 5, 6, 7, 8, 9, 10, 11, 28, 1, 14, 15, 57, 12, 13, 26, 27, 43, 43, 39, 40, 41, 51, 52, 53, 58, 59, 60, 61, 62, 63, 64,
    65, 66, 67, 68, 87, 88, 99, 70, 119, 110, 102, 104, 111, 107, 109, 106, 105, 108, 103, 69, 98, 55, 74, 78, 96, 79, 80, 81,
    75, 76, 77, 71, 72, 73, 82, 83, 86, 127, 116, 117, 183,
    [0x7f] = 113, [0x80] = 115, [0x81] = 114, [0x85] = 121, [0x87] = 89, [0x88] = 93, [0x89] = 124, [0x8a] = 92, [0x8b] = 94,
    [0x90] = 122, [0x91] = 123,
    [0xe0] = 29, [0xe1] = 42, [0xe2] = 56, [0xe3] = 125, [0xe4] = 97, [0xe5] = 54, [0xe6] = 100, [0xe7] = 126,
};

int sdl_key(SDL_Scancode code)
{
    return (unsigned)code < G_N_ELEMENTS(evdev) ? input_key_of_evdev(evdev[code]) : -1;
}
