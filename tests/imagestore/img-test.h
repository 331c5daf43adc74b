/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of this room share: a temporary directory, the corpus, and assertions. */
#pragma once
#include "img.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* After those three. */
#include <cmocka.h>

/* A new directory below the system's one for such; img_test_remove() it. */
char *img_test_dir (void);
void img_test_remove (const char *dir);
/* Fills @dir/corpus by make-corpus.py; hostile images name @canary. The caller frees the path. */
char *img_test_corpus (const char *dir, const char *canary);
/* A directory with the corpus in it, and a store, which the test opens if it wants one. */
typedef struct
{
  char *dir;
  char *corpus;
  ImgStore *store;
} ImgTestWorld;
ImgTestWorld *img_test_world_new (void);
void img_test_world_free (ImgTestWorld *world);
/* Calls @func with each file of the corpus: path, the name before "--", and the format. */
typedef void (*ImgTestFunc) (const char *path, const char *claim, const char *format,
                             gpointer data);
void img_test_each (const char *corpus, ImgTestFunc func, gpointer data);
/* Fails the test unless @error is a refusal by that name. */
void img_test_assert_refused (const GError *error, const char *name, const char *what);
/* Runs a program; its exit status, and what it printed on stdout if @out_text is not NULL. */
int img_test_run (char **out_text, const char *program, ...) G_GNUC_NULL_TERMINATED;
