"""Images of one's own by site.yml: what is rendered, built once, deployed, named in fly.toml. flyctl is a stand-in."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support.ansible import Ansible, Run
from support.emulator import Emulator
from support.flyctl import StandIn
from support.site import IMAGE, Site

PIN = "a" * 64
PROGRAMS: list[dict[str, Any]] = [
    {"name": "cloudflared", "url": "https://example.com/cloudflared-linux-amd64", "sha256": PIN},
    {"name": "tailscale", "image": f"tailscale/tailscale:v1.90.0@sha256:{PIN}", "member": "/usr/local/bin/tailscale"},
]


@pytest.fixture(scope="module")
def flyctl(tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    return StandIn.make(tmp_path_factory.mktemp("flyctl"))


@pytest.fixture(scope="module")
def emulator(start_emulator: Callable[..., AbstractContextManager[Emulator]], flyctl: StandIn) -> Iterator[Emulator]:
    with start_emulator("--image-dir", str(flyctl.pushed)) as started:
        yield started


@pytest.fixture
def site(file_ansible: Ansible, emulator: Emulator, flyctl: StandIn, tmp_path: Path) -> Site:
    variables = {"fly_app_flyctl": str(flyctl.program), "fly_app_image_packages": ["ffmpeg", "git"]}
    return Site(file_ansible, emulator, tmp_path / "site", "derived", **variables)


def rendered(site: Site, name: str) -> str:
    (found,) = site.root.rglob(f"{site.app}/{name}")
    return found.read_text()


def lines(run: Run) -> list[str]:
    """What the machine's tasks changed, or would change."""
    return [line for each in run.results if each.changed for line in each.result.get("changes", [])]


def test_a_derived_image(site: Site, flyctl: StandIn) -> None:
    site.variables |= {
        "fly_app_image_programs": PROGRAMS,
        "fly_app_image_lines": ["RUN true"],
        "fly_app_image_signal": {"version": "0.14.5", "sha256": PIN},
        "fly_app_exposure": "private",
    }
    done = site.converge()
    (run,) = flyctl.runs()
    dockerfile = run["dockerfile"]
    assert dockerfile == rendered(site, "Dockerfile")
    assert [line for line in dockerfile.splitlines() if line.startswith(("FROM", "USER"))] == [
        f"FROM {IMAGE} AS programs", "USER 0:0", f"FROM {IMAGE}", "USER 0:0", "USER 1000:1000",
    ]  # fmt: skip
    assert "-- ffmpeg git \\\n" in dockerfile and "\nRUN true\n" in dockerfile
    assert f"COPY --from=tailscale/tailscale:v1.90.0@sha256:{PIN} /usr/local/bin/tailscale" in dockerfile
    assert "signal-cli-0.14.5-Linux-native.tar.gz" in dockerfile
    assert "--flycast" in run["argv"]
    definition = tomllib.loads(rendered(site, "fly.toml"))
    assert definition["vm"][0]["memory"] == "3072mb"
    assert definition["env"]["XDG_DATA_HOME"] == "/data/.local/share"
    image = definition["build"]["image"]
    assert site.machine["config"]["image"].startswith(f"{image}@sha256:")
    assert f"build {image} from build.content" in lines(done)

    site.emulator.clear_journal()
    assert site.converge().changed == 0
    assert site.writes() == [] and len(flyctl.runs()) == 1

    site.variables["fly_app_image_packages"] = ["ffmpeg"]
    planned = lines(site.converge(check=True))
    assert any(line.startswith("build ") for line in planned), planned
    assert len(flyctl.runs()) == 1

    site.variables["fly_app_vm_memory"] = "1024mb"
    refused = site.run()
    assert refused.rc and "1024mb is less than the 2048 MB" in refused.output


def packed(files: dict[str, str], kind: str) -> bytes:
    content = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(content, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    else:
        with tarfile.open(fileobj=content, mode="w:gz") as tar:
            for name, text in files.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(text), 0o755
                tar.addfile(entry, io.BytesIO(text.encode()))
    return content.getvalue()


def test_the_dockerfiles_commands(file_ansible: Ansible, tmp_path: Path) -> None:
    """They run, on files of this folder and with a stand-in for what fetches; a wrong digest ends them."""
    contents = {
        "one": b"one",
        "two.tgz": packed({"d/two": "two"}, "tar"),
        "three.zip": packed({"three": "three"}, "zip"),
        "four.tar.gz": packed({"four-1.0/bin/four": "four", "four-1.0/lib/a": "a"}, "tar"),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    more: list[dict[str, Any]] = [{}, {"member": "d/two"}, {}, {"folder": True}]
    programs = [
        {"name": Path(name).name.partition(".")[0], "url": f"https://example.com/a b/{name}".replace("a b", "a%20b"),
         "sha256": sha256(content).hexdigest(), **extra}
        for (name, content), extra in zip(contents.items(), more, strict=True)
    ]  # fmt: skip
    stub = tmp_path / "stubs"
    stub.mkdir()
    (stub / "curl").write_text(f'#!/bin/sh\nfor last; do :; done\ncp "{tmp_path}/${{last##*/}}" "$7"\n')
    (stub / "apt-get").write_text("#!/bin/sh\n")
    (stub / "unzip").write_text('#!/bin/sh\nexec python3 -m zipfile -e "$2" "$4"\n')
    for each in stub.iterdir():
        each.chmod(0o755)

    def build(declared: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
        template = "{{ lookup('ansible.builtin.template', dockerfile) }}"
        role = Path(__file__).parents[2] / "roles/fly_app/templates/Dockerfile.j2"
        task = {"ansible.builtin.copy": {"content": template, "dest": str(tmp_path / "Dockerfile"), "mode": "0644"}}
        known = {
            "fly_app_image": "base", "fly_app_image_packages": [], "fly_app_image_lines": [],
            "fly_app_image_user": "1000:1000",
            "declared": declared, "dockerfile": str(role),
            "fly_app_image_all_programs": "{{ declared | openclaw.fly.image_programs }}",
        }  # fmt: skip
        file_ansible.tasks({**task, "vars": known}).ok()
        text = (tmp_path / "Dockerfile").read_text().replace("\\\n", " ")
        commands = [line.removeprefix("RUN ") for line in text.splitlines() if line.startswith("RUN ")]
        script = "\n".join(commands).replace("/programs", f"{tmp_path}/programs").replace("/tmp/f", f"{tmp_path}/f")
        script = script.replace("/tmp/unpacked", f"{tmp_path}/unpacked")
        env = {"PATH": f"{stub}:/usr/bin:/bin"}
        return subprocess.run(["sh", "-ec", script], env=env, capture_output=True, text=True, check=False)

    done = build(programs)
    assert done.returncode == 0, done.stderr
    found = tmp_path / "programs/usr/local/bin"
    assert {path.name for path in found.iterdir()} == {"one", "two", "three", "four"}
    assert [(found / name).read_text() for name in ("one", "two", "three")] == ["one", "two", "three"]
    assert all((found / name).stat().st_mode & 0o777 == 0o755 for name in ("one", "two", "three"))
    assert (found / "four").readlink() == Path("/opt/four/bin/four")
    assert (tmp_path / "programs/opt/four/lib/a").read_text() == "a"
    wrong = build([{**programs[0], "sha256": PIN}])
    assert wrong.returncode and "FAILED" in wrong.stdout
