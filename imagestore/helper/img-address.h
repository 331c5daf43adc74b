/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which addresses a fetch may go to. */
#pragma once
#include <stdbool.h>
#include <sys/socket.h>

/* Room for any address as text. */
#define IMG_ADDRESS_TEXT 64

/* TRUE for a public unicast address that is none of this host's own, and for one in @ranges
 * ("10.1.0.0/16", "fd00::/8"). An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) is judged
 * as the IPv4 address. RFC 6890 lists what is not public. */
bool img_address_may_be_asked (const struct sockaddr *address, char *const *ranges,
                               int range_count);
/* The address without its port. */
void img_address_format (const struct sockaddr *address, char out[IMG_ADDRESS_TEXT]);
