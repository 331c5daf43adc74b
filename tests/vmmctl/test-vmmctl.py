#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The real vmmctl against a stub server: what it sends, what it shows, how it ends."""
import base64
import contextlib
import hashlib
import hmac
import json
import os
import pty
import subprocess
import sys
import tempfile
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/lib"))
import tap  # noqa: E402
from stub_server import Stub  # noqa: E402

VMMCTL = os.path.abspath(sys.argv[1])
TIMEOUT_S = 60
CREATED = {"CreateThing": [(200, {"RequestId": "R-1", "ThingId": "t-1"})]}


def instances(*states, total=None):
    rows = [{"InstanceId": f"i-{n}", "InstanceName": f"name {n}", "Status": state, "InstanceType": "ecs.t",
             "VpcAttributes": {"PrivateIpAddress": {"IpAddress": ["172.16.0.9"]}}}
            for n, state in enumerate(states, 1)]
    return 200, {"RequestId": "R-2", "TotalCount": len(rows) if total is None else total,
                 "Instances": {"Instance": rows}}


@contextlib.contextmanager
def world(answers):
    """A stub behind a socket and a way to run vmmctl at it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "admin.sock")
        with Stub(path, answers) as stub:
            def run(*words, env=None):
                clean = {k: v for k, v in os.environ.items() if not k.startswith(("ALIBABA", "ECS_", "VMM"))}
                return subprocess.run([VMMCTL, *words], text=True, capture_output=True, timeout=TIMEOUT_S,
                                      stdin=subprocess.DEVNULL, cwd=folder, check=False,
                                      env={**clean, "VMMD_ADMIN_SOCKET": path, "LC_ALL": "C.UTF-8", **(env or {})})
            yield stub, run


def sent(stub, index=0):
    common = ("Action", "Version", "Format")
    return {k: v for k, v in stub.asked[index].items() if k not in common}


def expect(result, code, out=None, err=None):
    assert result.returncode == code, (result.returncode, result.stdout, result.stderr)
    assert out is None or out in result.stdout, result.stdout
    assert err is None or err in result.stderr, result.stderr


def an_action_sends_its_parameters_and_shows_the_answer():
    with world(CREATED) as (stub, run):
        expect(run("CreateThing", "--ThingName", "a b", "--Disk.Size=4"), 0, "ThingId: t-1\n")
        assert stub.asked == [{"Action": "CreateThing", "Version": "2014-05-26", "Format": "JSON",
                               "ThingName": "a b", "Disk.Size": "4"}]


def names_may_be_written_in_lower_case_with_hyphens():
    with world(CREATED) as (stub, run):
        expect(run("creatething", "--thing-name", "a", "--disk-size", "4"), 0)
        assert sent(stub) == {"ThingName": "a", "Disk.Size": "4"}


def each_kind_of_list_is_sent_in_its_way():
    with world(CREATED) as (stub, run):
        expect(run("CreateThing", "--ThingName=a", "--ThingId", "x", "--ThingId", "y", "--ThingIds", "p",
                   "--ThingIds", 'q"', "--Tag", "Key=k,Value=v", "--Tag", "Key=l"), 0)
        assert sent(stub) == {"ThingName": "a", "ThingId.1": "x", "ThingId.2": "y", "ThingIds": '["p","q\\""]',
                              "Tag.1.Key": "k", "Tag.1.Value": "v", "Tag.2.Key": "l"}


def lists_may_be_numbered_as_on_the_wire():
    with world(CREATED) as (stub, run):
        expect(run("CreateThing", "--ThingName=a", "--ThingId.1", "x", "--Tag.1.Key", "k"), 0)
        assert sent(stub) == {"ThingName": "a", "ThingId.1": "x", "Tag.1.Key": "k"}


def a_switch_needs_no_value_but_may_have_one():
    with world(CREATED) as (stub, run):
        expect(run("CreateThing", "--Force", "--ThingName", "a"), 0)
        expect(run("CreateThing", "--Force", "false", "--ThingName", "a"), 0)
        assert [sent(stub, n)["Force"] for n in (0, 1)] == ["true", "false"]


def the_account_is_named_to_the_server():
    with world(CREATED) as (stub, run):
        expect(run("--account", "shop", "CreateThing", "--ThingName", "a"), 0)
        assert sent(stub) == {"ThingName": "a", "Account": "shop"}


def what_is_missing_is_named_and_nothing_is_sent():
    with world(CREATED) as (stub, run):
        expect(run("CreateThing"), 2, "", "--ThingName")
        assert stub.asked == []


def words_that_make_no_sense_are_exit_2_and_nothing_is_sent():
    with world(CREATED) as (stub, run):
        for words in (["CreateThing", "--Size", "1"], ["CreateThing", "--ThingName"], ["MakeThing"],
                      ["CreateThing", "word"], ["instance", "fly"], ["instance", "stop"],
                      ["instance", "list", "i-1"], ["--output", "xml", "instance", "list"], [],
                      ["--timeout", "0", "instance", "list"], ["CreateThing", "--Tag", "Name=x"],
                      ["CreateThing", "--ThingName=a", "--Colour", "Blue"]):
            result = run(*words)
            assert result.returncode == 2 and result.stderr.startswith("vmmctl: "), (words, result)
        assert stub.asked == []


def a_refusal_shows_code_message_and_request_on_standard_error():
    refusal = {"RequestId": "R-9", "Code": "QuotaExceeded", "Message": "the account has 3 of 3"}
    with world({"CreateThing": [(400, refusal)]}) as (_stub, run):
        result = run("CreateThing", "--ThingName", "a")
        expect(result, 1)
        assert result.stdout == ""
        assert result.stderr == "vmmctl: QuotaExceeded: the account has 3 of 3 (request R-9)\n"


def an_answer_that_is_no_json_is_exit_3():
    with world({"CreateThing": [(502, b"<html>")]}) as (_stub, run):
        expect(run("CreateThing", "--ThingName", "a"), 3, "", "status 502")


def no_server_is_exit_3_with_advice():
    with world({}) as (_stub, run):
        expect(run("--socket", "/nonexistent/socket", "instance", "list"), 3, "", "is vmmd running?")


def what_differs_is_shown_and_is_exit_1():
    plan, state = "a 1\nb one\nb two\nc 3\n", "a 1\na 2\nb two\nb one\n"
    for given, lines, code in ((plan, "", 0), (state, "+a 2\n-b one\n+b one\n-c 3\n", 1)):
        with world({"DescribeHostNetwork": [(200, {"RequestId": "R-1", "Plan": plan, "State": given})]}) as (stub, run):
            result = run("net", "diff")
            assert (result.returncode, result.stdout) == (code, lines), result
            assert sent(stub) == {}


def a_text_is_shown_as_it_is():
    with world({"DescribeHostNetwork": [(200, {"RequestId": "R-1", "State": "a\n  b\n"})]}) as (stub, run):
        result = run("net", "show")
        assert (result.returncode, result.stdout) == (0, "a\n  b\n"), result
        assert sent(stub) == {"Part": "State"}
        expect(run("net", "diff"), 3, "", "not both Plan and State")


def json_output_is_the_answer_itself():
    with world({"DescribeInstances": [instances("Running")]}) as (_stub, run):
        result = run("instance", "list", "--output", "json")
        expect(result, 0)
        assert json.loads(result.stdout) == instances("Running")[1]


def a_list_is_a_table_with_aligned_columns():
    with world({"DescribeInstances": [instances("Running", "Stopped")]}) as (_stub, run):
        lines = run("instance", "list").stdout.splitlines()
        assert [line.split()[0] for line in lines] == ["INSTANCE", "i-1", "i-2"]
        assert len({line.index(word) for line, word in zip(lines, ("STATUS", "Running", "Stopped"))}) == 1
        assert "172.16.0.9" in lines[1]


def an_empty_list_is_the_heading_alone():
    with world({"DescribeInstances": [instances()]}) as (_stub, run):
        result = run("instance", "list")
        expect(result, 0)
        assert len(result.stdout.splitlines()) == 1


def all_pages_of_a_list_are_fetched():
    answers = {"DescribeInstances": [instances("Running", "Running", total=3), instances("Stopped", total=3)]}
    with world(answers) as (stub, run):
        assert len(run("instance", "list").stdout.splitlines()) == 4
        assert [a["PageNumber"] for a in stub.asked] == ["1", "2"]


def a_name_cannot_move_the_cursor():
    answer = instances("Running")
    answer[1]["Instances"]["Instance"][0]["InstanceName"] = "a\x1b[2Jb"
    with world({"DescribeInstances": [answer]}) as (_stub, run):
        result = run("instance", "list")
        assert "\x1b" not in result.stdout and "a?[2Jb" in result.stdout, result.stdout


def instances_are_asked_for_by_id_in_one_call():
    with world({"DescribeInstances": [instances("Running", "Running")]}) as (stub, run):
        expect(run("instance", "show", "i-1", "i-2"), 0, "Status: Running")
        assert sent(stub)["InstanceIds"] == '["i-1","i-2"]'


def an_instance_that_is_not_there_is_an_error():
    with world({"DescribeInstances": [instances()]}) as (_stub, run):
        expect(run("instance", "show", "i-1"), 1, "", "i-1 not found")


def a_verb_is_called_for_each_instance():
    with world({"StopInstance": [(200, {"RequestId": "R-3"})]}) as (stub, run):
        expect(run("instance", "stop", "i-1", "i-2", "--force"), 0, "i-1 stopping\ni-2 stopping\n")
        assert [sent(stub, n) for n in (0, 1)] == [{"InstanceId": i, "ForceStop": "true"} for i in ("i-1", "i-2")]


def wait_returns_when_the_state_is_reached():
    answers = {"StopInstance": [(200, {"RequestId": "R-3"})],
               "DescribeInstances": [instances("Stopping"), instances("Stopping"), instances("Stopped")]}
    with world(answers) as (stub, run):
        expect(run("instance", "stop", "i-1", "--wait"), 0)
        assert [a["Action"] for a in stub.asked] == ["StopInstance"] + 3 * ["DescribeInstances"]


def wait_for_a_deletion_ends_when_nothing_is_left():
    answers = {"DeleteInstance": [(200, {"RequestId": "R-3"})],
               "DescribeInstances": [instances("Stopping"), instances()]}
    with world(answers) as (_stub, run):
        expect(run("instance", "rm", "i-1", "--wait", "--force"), 0)


def wait_ends_after_the_time_given():
    answers = {"StopInstance": [(200, {"RequestId": "R-3"})], "DescribeInstances": [instances("Stopping")]}
    with world(answers) as (_stub, run):
        expect(run("instance", "stop", "i-1", "--wait", "--timeout", "1"), 4, None, "longer than --timeout")


def an_import_guesses_the_format_and_shows_progress():
    def image(state, progress):
        return 200, {"Images": {"Image": [{"ImageId": "m-1", "Status": state, "Progress": progress}]}}
    answers = {"ImportLocalImage": [(200, {"RequestId": "R-4", "ImageId": "m-1"})],
               "DescribeImages": [image("Creating", "0%"), image("Creating", "45%"), image("Available", "100%")]}
    with world(answers) as (stub, run), tempfile.NamedTemporaryFile(suffix=".qcow2") as file:
        expect(run("image", "import", file.name, "--name", "tiny"), 0, "m-1\n", "m-1: 45 %")
        assert sent(stub) == {"File": file.name, "ImageFormat": "qcow2", "ImageName": "tiny", "OSType": "linux"}
        assert sent(stub, 1)["ImageId"] == "m-1"


def an_import_that_fails_is_exit_4():
    failed = 200, {"Images": {"Image": [{"ImageId": "m-1", "Status": "CreateFailed", "Progress": "0%"}]}}
    answers = {"ImportLocalImage": [(200, {"RequestId": "R-4", "ImageId": "m-1"})], "DescribeImages": [failed]}
    with world(answers) as (_stub, run), tempfile.NamedTemporaryFile(suffix=".raw") as file:
        expect(run("image", "import", file.name), 4, "m-1\n", "CreateFailed")


def a_file_that_is_not_there_is_found_out_before_asking():
    with world({}) as (stub, run):
        expect(run("image", "import", "gone.raw"), 2, "", "gone.raw")
        assert stub.asked == []


def a_terminal_sees_a_bar():
    done = 200, {"Images": {"Image": [{"ImageId": "m-1", "Status": "Available", "Progress": "100%"}]}}
    answers = {"ImportLocalImage": [(200, {"RequestId": "R-4", "ImageId": "m-1"})], "DescribeImages": [done]}
    with world(answers) as (stub, _run), tempfile.NamedTemporaryFile(suffix=".raw") as file:
        master, slave = pty.openpty()
        subprocess.run([VMMCTL, "--socket", stub.server.server_address, "image", "import", file.name],
                       stderr=slave, stdout=subprocess.DEVNULL, timeout=TIMEOUT_S, check=True)
        os.close(slave)
        shown = os.read(master, 4096).decode()
        os.close(master)
        assert "\rm-1 [" + 40 * "#" + "] 100 %" in shown, shown


def a_console_is_printed_as_it_is():
    text = base64.b64encode("booted\nlogin: ".encode()).decode()
    with world({"GetInstanceConsoleOutput": [(200, {"ConsoleOutput": text})]}) as (_stub, run):
        assert run("instance", "console", "i-1").stdout == "booted\nlogin: "


def help_of_an_action_comes_from_the_table():
    with world({}) as (_stub, run):
        expect(run("CreateThing", "--help"), 0, "--Colour (Red|Green, default Red)")
        expect(run("instance", "stop", "--help"), 0, "--ForceStop")


def help_works_without_a_server():
    with world({}) as (_stub, run):
        expect(run("--socket", "/nonexistent", "--help"), 0, "vmmctl instance list")
        expect(run("--socket", "/nonexistent", "key", "--help"), 0, "vmmctl key create")


def completion_offers_words_options_and_choices():
    with world({}) as (_stub, run):
        assert run("--complete", "instance", "st").stdout.split() == ["start", "stop"]
        assert run("--complete", "Cre").stdout.split() == ["CreateThing"]
        assert "--ThingName" in run("--complete", "CreateThing", "--Th").stdout.split()
        assert run("--complete", "CreateThing", "--Colour", "").stdout.split() == ["Red", "Green"]


def requests_to_an_endpoint_are_signed():
    with Stub(("127.0.0.1", 0), CREATED) as stub:
        env = {"PATH": os.environ["PATH"], "ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s3",
               "ECS_ENDPOINT": f"http://127.0.0.1:{stub.server.server_address[1]}"}
        env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        subprocess.run([VMMCTL, "CreateThing", "--ThingName", "a b*c~d+é"], env=env, timeout=TIMEOUT_S,
                       check=True, stdout=subprocess.DEVNULL)
        asked = dict(stub.asked[0])
        given = asked.pop("Signature")
        def quote(text):
            return urllib.parse.quote(text, safe="-_.~")
        query = "&".join(f"{quote(k)}={quote(asked[k])}" for k in sorted(asked))
        text = "POST&%2F&" + quote(query)
        assert asked["AccessKeyId"] == "id" and asked["SignatureVersion"] == "1.0"
        assert base64.b64encode(hmac.new(b"s3&", text.encode(), hashlib.sha1).digest()).decode() == given


def an_endpoint_without_a_key_is_refused_before_asking():
    with world({}) as (_stub, run):
        expect(run("--endpoint", "http://127.0.0.1:1", "instance", "list", env={"VMMD_ADMIN_SOCKET": ""}), 2, "",
               "ALIBABA_CLOUD_ACCESS_KEY_ID")


def each_short_form_is_complete():
    with open(os.path.join(ROOT, "tools/vmmctl/short-forms.json"), encoding="utf-8") as f:
        data = json.load(f)
    for form in data["forms"]:
        assert set(form) <= set(data["about"]), form
        assert {"form", "action", "summary"} <= set(form), form
        assert "wait" not in form or form["wait"] in data["waits"], form
        assert form["summary"].endswith("."), form
        assert "each" not in form or "operands" in form, form


if __name__ == "__main__":
    tap.run([value for name, value in list(globals().items())
             if callable(value) and getattr(value, "__module__", "") == "__main__"
             and name not in ("instances", "world", "sent", "expect")])
