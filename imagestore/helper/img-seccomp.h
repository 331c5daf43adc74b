/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that a program inspecting or fetching images never needs. */
#pragma once
#include <stdbool.h>

/* From now on they fail with EPERM, in this process and its children (sockets too, unless
 * @with_network); no_new_privs must be set.
 * Those of another architecture end the process. 0, or -1 with errno. */
int img_seccomp_install (bool with_network);
