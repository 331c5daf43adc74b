/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the executor is given. */
#pragma once
#include "img.h"
#include "netctl.h"
#include "ops-context.h"
#include "virt.h"

typedef struct Work Work;

/* The drivers; borrowed, and must outlive the executor. */
typedef struct
{
  VmmContext *ctx;
  VirtDriver *virt;
  Netctl *net;
  ImgStore *img;
} WorkParts;
