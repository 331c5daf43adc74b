/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every test of this folder includes: cmocka with what it needs first, and our assertions. */
#pragma once
#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vmm-error.h"

/* Fails the test with the error's own text unless @error is NULL. */
#define assert_no_error(error) core_assert_no_error (error, __FILE__, __LINE__)
/* @error is VMM_ERROR of that code. */
#define assert_vmm_error(error, code) core_assert_error (error, code, NULL, __FILE__, __LINE__)
/* The same, and its message holds @part. */
#define assert_vmm_message(error, code, part)                                                      \
  core_assert_error (error, code, part, __FILE__, __LINE__)
/* @text holds @part. */
#define assert_contains(text, part) core_assert_contains (text, part, __FILE__, __LINE__)

void core_assert_no_error (const GError *error, const char *file, int line);
void core_assert_error (const GError *error, VmmError code, const char *part, const char *file,
                        int line);
void core_assert_contains (const char *text, const char *part, const char *file, int line);

/* A new empty directory of the test's own, in memory where the machine offers that; the caller
 * frees the name after core_dir_free(). */
char *core_dir_new (void);
/* Removes the directory with all in it, and frees the name. */
void core_dir_free (char *dir);
/* Writes @text to @name in @dir; the path, which the caller frees. */
char *core_write (const char *dir, const char *name, const char *text);
