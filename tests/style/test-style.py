#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each rule of the style check refuses a bad line and lets its good neighbour pass."""
import importlib.util
import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
import tap  # noqa: E402
sys.path.insert(0, os.path.join(ROOT, "tools"))
spec = importlib.util.spec_from_file_location("check_style", os.path.join(ROOT, "tools/check-style.py"))
style = importlib.util.module_from_spec(spec)
spec.loader.exec_module(style)

HEAD = "/* SPDX-License-Identifier: GPL-2.0-or-later */\n/* A file. */\n"
ROOM = {"vmmd/base/README.md": "May use: glib\n"}


def findings(path, text, extra=None):
    with tempfile.TemporaryDirectory() as root:
        for name, content in {**ROOM, **(extra or {}), path: text}.items():
            os.makedirs(os.path.join(root, os.path.dirname(name)), exist_ok=True)
            with open(os.path.join(root, name), "w", encoding="utf-8") as f:
                f.write(content)
        return [f.rule for f in style.check(root)]


def in_function(line):
    return HEAD + f"static void\nact (void)\n{{\n  {line}\n}}\n"


def refused(rule, path, text, extra=None):
    found = findings(path, text, extra)
    assert found == [rule], found


def passes(path, text, extra=None):
    found = findings(path, text, extra)
    assert found == [], found


def c_refused(rule, line):
    refused(rule, "vmmd/base/vmm-a.c", in_function(line))


def c_passes(line):
    passes("vmmd/base/vmm-a.c", in_function(line))


def an_include_that_goes_up_is_refused():
    refused("include", "vmmd/base/vmm-a.c", HEAD + '#include "../store/store.h"\n')


def each_forbidden_call_is_refused():
    for name in style.FORBIDDEN_CALLS:
        c_refused("call", f"{name} (x);")


def a_call_that_only_ends_like_a_forbidden_one_passes():
    for name in ("app_system", "g_strsplit", "operating_system", "thread->sleep", "my.system"):
        c_passes(f"{name} (x);")


def a_forbidden_word_in_a_string_or_comment_passes():
    c_passes('g_print ("system (x)"); /* not system (x) */')


def tests_may_wait_in_small_steps_but_not_sleep():
    passes("tests/a/test-a.c", in_function("g_usleep (1000);"))
    refused("call", "tests/a/test-a.c", in_function("sleep (1);"))


def goto_is_refused():
    c_refused("goto", "goto out;")
    c_refused("goto", "if (x) goto out;")


def a_comparison_of_a_secret_is_refused():
    c_refused("secret", "return memcmp (signature, other, 20) == 0;")
    c_refused("secret", "return g_str_equal (key->secret, given);")


def a_comparison_of_a_word_about_secrets_passes():
    c_passes('return g_str_equal (signature_method, "HMAC-SHA1");')
    c_passes('return g_str_equal (name, "password");')


def a_file_without_licence_is_refused():
    refused("spdx", "vmmd/base/vmm-a.c", "/* A licence. */\n/* A file. */\n")


def a_file_without_purpose_is_refused():
    refused("purpose", "vmmd/base/vmm-a.c", HEAD.split("\n")[0] + "\n#include <glib.h>\n")


def a_function_of_81_lines_is_refused_and_one_of_80_passes():
    for lines, check in ((76, passes), (77, lambda p, t: refused("size", p, t))):
        body = "".join("  act ();\n" for _ in range(lines))
        check("vmmd/base/vmm-a.c", HEAD + "static void\nlong_one (void)\n{\n" + body + "}\n")


def a_file_of_801_lines_is_refused():
    refused("size", "vmmd/base/vmm-a.c", HEAD + "int x;\n" * 799)
    passes("vmmd/base/vmm-a.c", HEAD + "int x;\n" * 798)


def an_exported_name_without_the_rooms_prefix_is_refused():
    refused("prefix", "vmmd/base/vmm-a.c", HEAD + "void\nact (void)\n{\n}\n")
    passes("vmmd/base/vmm-a.c", HEAD + "void\nvmm_act (void)\n{\n}\n")


def a_static_name_with_the_rooms_prefix_is_refused():
    refused("prefix", "vmmd/base/vmm-a.c", HEAD + "static void\nvmm_act (void)\n{\n}\n")


def a_header_function_without_comment_is_refused():
    refused("documented", "vmmd/base/vmm-a.h", HEAD + "#pragma once\n\nvoid vmm_a (void);\n")
    passes("vmmd/base/vmm-a.h", HEAD + "#pragma once\n\n/* Acts. */\nvoid vmm_a (void);\n")
    passes("vmmd/base/vmm-a.h", HEAD + "#pragma once\n\nvoid vmm_a (void); /* acts */\n")
    passes("vmmd/base/vmm-a.h", HEAD + "#pragma once\n\nvoid vmm_a_free (VmmA *a);\n")


def a_second_line_of_arguments_is_no_function():
    passes("vmmd/base/vmm-a.h", HEAD + "#pragma once\n\n/* Acts. */\nvoid vmm_a (int one,\n"
           "            gboolean (*two) (int));\n")


def a_header_without_pragma_is_refused():
    refused("pragma", "vmmd/base/vmm-a.h", HEAD)


def a_path_of_one_machine_is_refused():
    for path in ("/wo" + "rk/main", "/ho" + "me/someone/x", "/ro" + "ot/vmmd"):
        refused("place", "docs/a.md", f"See {path} there.\n")
    passes("docs/a.md", "vmmd/work/work.c and /root/.ssh/authorized_keys\n")


def a_registry_host_is_refused():
    refused("place", "docs/a.md", "from registry." + "npmjs.org\n")


def an_unfinished_mark_is_refused():
    refused("unfinished", "docs/a.md", "TO" + "DO: more\n")


def a_blank_at_the_end_of_a_line_is_refused():
    refused("space", "vmmd/base/vmm-a.c", HEAD + "int x; \n")


def an_action_name_in_vmmctl_is_refused():
    table = {"api/ecs-a.c": HEAD + '  { .name = "StopInstance" },\n'}
    refused("vmmctl", "tools/vmmctl/a.c", HEAD + 'static const char *name = "StopInstance";\n', table)
    passes("tools/vmmctl/a.c", HEAD + 'static const char *name = "Stopped";\n', table)


def the_tree_is_clean():
    found = style.check(ROOT)
    assert found == [], "\n" + "\n".join(map(str, found))


if __name__ == "__main__":
    tap.run([value for value in list(globals().values())
             if callable(value) and getattr(value, "__module__", "") == "__main__"
             and value.__name__ not in ("findings", "in_function", "refused", "passes", "c_refused", "c_passes")])
