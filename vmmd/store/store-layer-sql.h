/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conditions on a layer that is called l in the query, shared by the files about layers. */
#pragma once

/* Somebody names it himself. */
#define STORE_LAYER_NAMED                                                                          \
  "(EXISTS (SELECT 1 FROM disk WHERE layer_id=l.id)"                                               \
  " OR EXISTS (SELECT 1 FROM disk WHERE origin_layer_id=l.id)"                                     \
  " OR EXISTS (SELECT 1 FROM disk WHERE next_layer_id=l.id)"                                       \
  " OR EXISTS (SELECT 1 FROM snapshot WHERE layer_id=l.id)"                                        \
  " OR EXISTS (SELECT 1 FROM image_disk WHERE layer_id=l.id))"
/* Nothing rests on it. */
#define STORE_LAYER_BARE "NOT EXISTS (SELECT 1 FROM layer WHERE parent_id=l.id)"
/* It stays whatever becomes of one layer that rests on it. */
#define STORE_LAYER_KEPT                                                                           \
  "(" STORE_LAYER_NAMED " OR (SELECT count(*) FROM layer WHERE parent_id=l.id) > 1)"
