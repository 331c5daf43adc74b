/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The short forms, read from short-forms.json, which is part of the program. A form is a JSON
 * object; the file's own first member tells what each member means. */
#pragma once
#include <json-glib/json-glib.h>

typedef struct VmmctlForms VmmctlForms;

/* Cannot fail: the file is checked by a test. */
VmmctlForms *vmmctl_forms_new (void);
/* The form that @words (char *) begin with and in @out_used how many words that is; NULL when there
 * is none. Borrowed. */
JsonObject *vmmctl_forms_find (VmmctlForms *forms, GPtrArray *words, guint *out_used);
/* Whether a form begins with @word. */
gboolean vmmctl_forms_has_group (VmmctlForms *forms, const char *word);
/* All forms. Borrowed. */
JsonArray *vmmctl_forms_list (VmmctlForms *forms);
/* The description of a wait by its name. Borrowed. */
JsonObject *vmmctl_forms_wait (VmmctlForms *forms, const char *name);
void vmmctl_forms_free (VmmctlForms *forms);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmmctlForms, vmmctl_forms_free)
