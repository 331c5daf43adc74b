/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of the kernel's driver: a call before each of its steps, to die there. */
#pragma once
#include "netctl.h"

typedef void (*NetctlStepFunc) (const char *step, gpointer data);
/* @net comes from netctl_new(). Before other threads use it. */
void netctl_kernel_set_step_func (Netctl *net, NetctlStepFunc func, gpointer data);
