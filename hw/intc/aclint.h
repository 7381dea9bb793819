/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a board needs of hw/intc/aclint.c beside its device types. */
#ifndef HW_INTC_ACLINT_H
#define HW_INTC_ACLINT_H

#define ACLINT_SWI_SIZE 0x4000
#define ACLINT_MTIMER_SIZE 0x8000
#define ACLINT_MTIME 0x7ff8         /* offset of mtime in the timer's region; mtimecmp starts at 0 */

#endif
