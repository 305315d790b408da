"""Statics: the edge serves a machine's files itself."""

from __future__ import annotations

import base64

from emulator.client import App, service


def test_files_under_a_prefix(app: App) -> None:
    page = base64.b64encode(b"<p>hello</p>").decode()
    app.ip("shared_v4")
    app.gateway(
        files=[{"guest_path": "/srv/pages/index.html", "raw_value": page}],
        statics=[
            {"guest_path": "/srv/pages", "url_prefix": "/static/"},
            {"guest_path": "/srv/pages", "url_prefix": "/site", "index_document": "index.html"},
        ],
        services=[service(3000)],
    )
    host = f"{app.name}.fly.dev"
    found = app.client.edge("GET", host, "/static/index.html")
    assert (found.status, found.text) == (200, "<p>hello</p>")
    assert found.headers["Content-Type"].startswith("text/html")
    assert app.client.edge("GET", host, "/site").text == "<p>hello</p>"
    # What is no file goes to the app, and no path leads out.
    assert app.client.edge("GET", host, "/healthz").status == 200
    assert "root:" not in app.client.edge("GET", host, "/static/..%2f..%2fetc/passwd").text
    assert app.client.edge("POST", host, "/static/index.html").text != "<p>hello</p>"


def test_statics_that_are_none(app: App) -> None:
    config = {"image": "registry.fly.io/scratch:sleep", "statics": [{"guest_path": "srv", "url_prefix": "/"}]}
    refused = app.client.post(f"{app.path}/machines", {"config": config})
    assert (refused.status, "statics.guest_path" in refused.error) == (400, True)
