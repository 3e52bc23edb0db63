"""The pages themselves, logging in and out, and errors in one shape: `{"error": "one sentence"}`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import structlog
from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as StarletteHTTPException

from bot.platforms.web.events import Wire
from bot.platforms.web.gate import caller, cookie
from bot.platforms.web.login import COOKIE, STAY, Doorkeeper
from bot.platforms.web.shapes import Login, Problem

log = structlog.get_logger(__name__)

STATIC = Path(str(files("bot.platforms.web") / "static"))


def pages(door: Doorkeeper, wire: Wire) -> APIRouter:
    """The three pages, and the door."""
    routes = APIRouter()

    @routes.get("/", include_in_schema=False)
    async def chat() -> FileResponse:
        return FileResponse(STATIC / "chat.html")

    @routes.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(STATIC / "docs.html")

    @routes.get("/login", include_in_schema=False)
    async def login_page() -> FileResponse:
        return FileResponse(STATIC / "login.html")

    @routes.get("/favicon.ico", include_in_schema=False)
    async def icon() -> RedirectResponse:
        return RedirectResponse("/static/bell.svg")

    @routes.post(
        "/api/login",
        tags=["session"],
        summary="Come in with the password or the one-time key",
        status_code=204,
        responses={
            401: {"model": Problem, "description": "A wrong password, or a key that was used."},
            422: {"model": Problem, "description": "Something in the request is not as it must be."},
            429: {"model": Problem, "description": "Too many wrong tries; Retry-After says how long to wait."},
        },
    )
    async def log_in(login: Login, request: Request) -> Response:
        address = caller(request.scope)
        if wait := door.wait(address):
            seconds = int(wait.total_seconds()) + 1
            raise HTTPException(
                429, f"Too many wrong tries; try again in {seconds} seconds.", headers={"retry-after": str(seconds)}
            )
        if not (door.is_password(login.password) or door.take_key(login.key)):
            door.wrong(address)
            log.warning("login refused", address=address)
            wrong = "That link was used already, or is of an earlier start." if login.key else "Wrong password."
            raise HTTPException(401, wrong)
        answer = Response(status_code=204)
        answer.set_cookie(
            COOKIE,
            door.begin(),
            max_age=int(STAY.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=request.headers.get("origin", "").startswith("https://"),
        )
        log.info("logged in", address=address)
        return answer

    @routes.post("/api/logout", tags=["session"], summary="End the session", status_code=204)
    async def log_out(request: Request) -> Response:
        door.end(cookie(request.headers))
        wire.ring()  # so that the streams of this session see that it has ended
        answer = Response(status_code=204)
        answer.delete_cookie(COOKIE)
        return answer

    return routes


def furnish(app: FastAPI) -> None:
    """Mount the static files, and give every error its one shape."""
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, StarletteHTTPException)
        text = error.detail
        if error.status_code == 404 and text == "Not Found":
            text = "There is nothing at this address; /docs lists what there is."
        return JSONResponse({"error": text}, error.status_code, headers=error.headers)

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path", "header"))
        return JSONResponse({"error": f"{where or 'The request'}: {first['msg']}."}, 422)

    async def failed(request: Request, error: Exception) -> Response:
        log.error("request failed", path=request.url.path, exc_info=error)
        return JSONResponse({"error": "Something went wrong on our side; the log has it."}, 500)

    app.add_exception_handler(StarletteHTTPException, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(Exception, failed)
