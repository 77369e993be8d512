#!/usr/bin/env python3
"""Records what Heat's client collects for the templates and environments in `cases`.

    python3 -m venv venv && venv/bin/pip install python-heatclient==5.3.0
    venv/bin/python record.py          # collects every case anew and writes answers.json

A case is a folder: `main.yaml` is the template, the files of `env` are its environments in the order of their names, and
what lies in `web` is to be found at http://web.example/. An answer holds the template, the environments and the files as
the client sends them, with `file:///cases/NAME/` for the folder of the case, or "error", the name of what the client
ended with.
"""

import functools
import http.server
import json
import pathlib
import shutil
import tempfile
import threading

from heatclient.common import template_utils

HERE = pathlib.Path(__file__).resolve().parent
WEB = "http://web.example"


def serve(folder):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    handler.log_message = lambda *_: None
    http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def text(content):
    return content.decode() if isinstance(content, bytes) else content


def collect(folder):
    files, template = template_utils.get_template_contents(str(folder / "main.yaml"))
    environments = {}
    names = sorted((folder / "env").iterdir()) if (folder / "env").is_dir() else []
    for name in names:
        more, _ = template_utils.process_environment_and_files(str(name), include_env_in_files=True)
        environments[name.as_uri()] = json.loads(more.pop(name.as_uri()))
        files.update(more)
    return {
        "template": template,
        "environments": environments,
        "files": {name: text(content) for name, content in sorted(files.items())},
    }


def answer(case):
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place).resolve() / case.name
        shutil.copytree(case, folder)
        server = serve(folder / "web")
        address = f"http://127.0.0.1:{server.server_port}"
        for path in folder.rglob("*"):
            if path.is_file() and WEB.encode() in path.read_bytes():
                path.write_bytes(path.read_bytes().replace(WEB.encode(), address.encode()))
        try:
            found = collect(folder)
        except (Exception, RecursionError) as error:
            found = {"error": type(error).__name__}
        server.shutdown()
        written = json.dumps(found, ensure_ascii=False)
        written = written.replace(address, WEB).replace(folder.as_uri(), f"file:///cases/{case.name}")
        return json.loads(written)


def main():
    answers = {case.name: answer(case) for case in sorted((HERE / "cases").iterdir())}
    with open(HERE / "answers.json", "w", encoding="utf-8") as out:
        json.dump(answers, out, indent=1, ensure_ascii=False)
        out.write("\n")


if __name__ == "__main__":
    main()
