#!/usr/bin/env python3
"""A client for rnnd, the daemon that keeps recurrent language models in memory. One file, standard library only.

As a module:

    import rnnd

    with rnnd.Client() as client:
        client.train_step("the man bites the dog")
        for word in client.next_word("the man bites the ", limit=3):
            print(word["word"], word["probability"])
        client.call("create-model", name="story", architecture="gru", hidden_size=256)   # any call of the daemon
        client.train(["/home/me/notes.md"], epochs=5, on_progress=print)

    async with rnnd.AsyncClient() as client:                                     # the same methods, awaited
        both = await asyncio.gather(client.next_word("I am goi"), client.score("the dog bites"))

As a command:

    rnnd.py next-word "the man bites the " --limit 3

Parameters may be written in Python's way: `hidden_size` is sent as `hiddenSize`. Python 3.9 or later.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import pwd
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Optional, TypedDict, cast

Progress = Callable[[dict[str, Any]], None]


class Word(TypedDict):
    """A prediction: the whole word, the part of it that the text lacks, and P(word | text, prefix)."""

    word: str
    completion: str
    probability: float


class Lesson(TypedDict):
    """What a training step did. `loss` is in nats a token, before the update; `gradientNorm` before clipping."""

    loss: float
    perplexity: float
    tokens: int
    updates: int
    gradientNorm: float
    clipped: bool
    step: int


class RnndError(Exception):
    """Whatever goes wrong here. `hint`, where there is one, says what to do."""

    def __init__(self, message: str, hint: Optional[str] = None) -> None:
        super().__init__(message)
        self.hint = hint


class NotRunning(RnndError):
    """No daemon answers at the socket."""


class NotTrusted(RnndError):
    """The socket belongs to another user's daemon; nothing was sent to it."""


class ConnectionLost(RnndError):
    """The daemon went away before it answered, or answered with what is no answer."""


class CallError(RnndError):
    """The daemon's error reply. `kind` is stable and meant for programs, as is `code`."""

    def __init__(self, code: int, message: str, data: dict[str, Any]) -> None:
        super().__init__(message, data.get("hint"))
        self.code, self.kind, self.data = code, str(data.get("kind", "")), data


class Cancelled(CallError):
    """The call was cancelled; nothing of it was kept."""


def socket_path(path: Optional[str] = None) -> str:
    """Where the daemon listens, by the rules of `rnnd socket`: `path`, else $RNND_SOCKET, else a private directory."""
    named = path or os.environ.get("RNND_SOCKET")
    if named:
        return named
    directory = os.environ.get("XDG_RUNTIME_DIR", "")
    if not directory.startswith("/"):
        directory = f"/run/user/{os.geteuid()}"
        if not os.access(directory, os.W_OK):
            state = os.environ.get("XDG_STATE_HOME", "")
            state = state if state.startswith("/") else os.path.expanduser("~/.local/state")
            return os.path.join(state, "rnnd", "run", "rnnd.sock")
    return os.path.join(directory, "rnnd", "rnnd.sock")


def _not_running(path: str, error: OSError) -> RnndError:
    if isinstance(error, PermissionError):
        return NotTrusted(f"{path} may not be opened: it belongs to another user")
    if isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
        return NotRunning("rnnd is not running", "start it with: rnnd start")
    return NotRunning(f"cannot connect to {path}: {error.strerror or error}", "see: rnnd status")


def _verify_owner(connection: Any, path: str) -> None:
    """Raises unless the process at the other end is this user's, root's or $RNND_DAEMON_USER's: what is sent is private."""
    if sys.platform == "linux":
        _, owner, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    else:  # macOS and the BSDs: LOCAL_PEERCRED gives a struct xucred, version and user id first.
        _, owner = struct.unpack_from("Ii", connection.getsockopt(0, 1, 128))
    if owner not in (0, os.geteuid(), _user_id(os.environ.get("RNND_DAEMON_USER", ""))):
        raise NotTrusted(f"the daemon at {path} belongs to user {owner}; nothing was sent to it")


def _user_id(user: str) -> Optional[int]:
    """A user's number, by name or by the number itself."""
    if user.isdecimal():
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


def _line(method: str, params: dict[str, Any], identifier: Optional[int] = None) -> bytes:
    """A request, or without an identifier a notification, as the line that is sent."""
    wire = {_wire_name(name): value for name, value in params.items() if value is not None}
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": wire}
    if identifier is not None:
        message["id"] = identifier
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def _wire_name(name: str) -> str:
    head, *tail = name.replace("-", "_").split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in tail)


def _message(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise ConnectionLost("the daemon sent a line that is no JSON object")
    return message


def _result(message: dict[str, Any]) -> Any:
    error = message.get("error")
    if error is None:
        return message.get("result")
    kind = Cancelled if error["code"] == -32800 else CallError
    raise kind(error["code"], error["message"], error.get("data") or {})


class Client:
    """A connection that waits for each answer. Threads may share it; each call waits for its turn."""

    def __init__(self, path: Optional[str] = None) -> None:
        self.path = socket_path(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._received = bytearray()
        self._identifiers = itertools.count(1)
        self._turn, self._sending = threading.Lock(), threading.Lock()
        self._current: Optional[int] = None
        try:
            self._socket.connect(self.path)
            _verify_owner(self._socket, self.path)
        except OSError as error:
            self.close()
            raise _not_running(self.path, error) from None
        except BaseException:
            self.close()
            raise

    def call(
        self, method: str, *, on_progress: Optional[Progress] = None, timeout: Optional[float] = None, **params: Any
    ) -> Any:
        """The call's result. Raises CallError with the daemon's error.

        `on_progress` is given each progress report. If it raises, or the timeout (seconds) passes, or Ctrl-C is
        pressed, the call is cancelled first and the connection stays usable.
        """
        if on_progress is not None:
            params["progress"] = True
        with self._turn:
            identifier = next(self._identifiers)
            line = _line(method, params, identifier)
            deadline = None if timeout is None else time.monotonic() + timeout
            self._current = identifier
            try:
                self._send(line)
                return _result(self._wait(identifier, on_progress, deadline))
            except (CallError, ConnectionLost):
                raise
            except BaseException:
                self._abandon(identifier)
                raise
            finally:
                self._current = None

    def notify(self, method: str, **params: Any) -> None:
        """Sends without asking for an answer: a `train-step` sent so is learned in the background."""
        self._send(_line(method, params))

    def cancel(self) -> None:
        """Cancels the call that another thread is waiting for, which then raises Cancelled."""
        current = self._current
        if current is not None:
            self.notify("$/cancelRequest", id=current)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, line: bytes) -> None:
        with self._sending:
            try:
                self._socket.settimeout(None)
                self._socket.sendall(line)
            except OSError:
                self._lose()
            except BaseException:  # Half a line may be on its way: nothing more can follow it.
                self.close()
                raise

    def _wait(self, identifier: int, on_progress: Optional[Progress], deadline: Optional[float]) -> dict[str, Any]:
        while True:
            message = _message(self._read_line(deadline))
            if message.get("method") == "$/progress":
                if on_progress is not None and message["params"]["id"] == identifier:
                    on_progress(message["params"]["value"])
            elif message.get("id") == identifier or "id" in message and message["id"] is None:
                return message

    def _read_line(self, deadline: Optional[float]) -> bytes:
        searched = 0
        while True:
            end = self._received.find(b"\n", searched)
            if end >= 0:
                line = bytes(self._received[:end])
                del self._received[: end + 1]
                return line
            searched = len(self._received)
            remaining = None if deadline is None else deadline - time.monotonic()
            if remaining is not None and remaining <= 0:
                raise TimeoutError("the answer did not come in time; the call was cancelled")
            try:
                self._socket.settimeout(remaining)
                received = self._socket.recv(1 << 16)
            except socket.timeout:
                continue
            except OSError:
                received = b""
            if not received:
                self._lose()
            self._received += received

    def _abandon(self, identifier: int) -> None:
        """Cancels, and reads past the answer, which belongs to nobody now."""
        try:
            self.notify("$/cancelRequest", id=identifier)
            self._wait(identifier, None, time.monotonic() + 10)
        except (RnndError, OSError):
            self.close()

    def _lose(self) -> NoReturn:
        self.close()
        raise ConnectionLost("the connection to rnnd was lost before the answer came", "see: rnnd status") from None

    # The everyday calls, with types. All others: `call`.

    def tokenize(self, text: str, **options: Any) -> list[int]:
        return cast("list[int]", self.call("tokenize", text=text, **options)["ids"])

    def next_word(self, text: str, **options: Any) -> list[Word]:
        return cast("list[Word]", self.call("next-word", text=text, **options)["words"])

    def train_step(self, text: str, **options: Any) -> Lesson:
        return cast(Lesson, self.call("train-step", text=text, **options))

    def score(self, text: str, **options: Any) -> dict[str, Any]:
        return cast("dict[str, Any]", self.call("score", text=text, **options))

    def generate(self, text: str = "", **options: Any) -> str:
        return cast(str, self.call("generate", text=text, **options)["text"])

    def train(self, files: Sequence[str], **options: Any) -> dict[str, Any]:
        paths = [os.path.abspath(file) for file in files]
        return cast("dict[str, Any]", self.call("train", files=paths, **options))


class AsyncClient:
    """A connection for asyncio: any number of calls may be under way. The daemon carries them out in their order."""

    def __init__(self, path: Optional[str] = None) -> None:
        self.path = socket_path(path)
        self._identifiers = itertools.count(1)
        self._waiting: dict[int, tuple[asyncio.Future[Any], Optional[Progress]]] = {}
        self._writer: Optional[asyncio.StreamWriter] = None
        self._receiving: Optional[asyncio.Task[None]] = None

    async def __aenter__(self) -> AsyncClient:
        try:
            reader, writer = await asyncio.open_unix_connection(self.path, limit=1 << 26)
        except OSError as error:
            raise _not_running(self.path, error) from None
        try:
            _verify_owner(writer.get_extra_info("socket"), self.path)
        except BaseException:
            writer.close()
            raise
        self._writer, self._receiving = writer, asyncio.create_task(self._receive(reader))
        return self

    async def __aexit__(self, *_: object) -> None:
        writer, receiving, self._writer = self._writer, self._receiving, None
        if receiving is not None:
            receiving.cancel()
        if writer is not None:
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                pass

    async def call(self, method: str, *, on_progress: Optional[Progress] = None, **params: Any) -> Any:
        """The call's result. Raises CallError with the daemon's error.

        Cancelling the task (or `asyncio.wait_for`) cancels the call in the daemon too; so does raising in
        `on_progress`.
        """
        if on_progress is not None:
            params["progress"] = True
        identifier = next(self._identifiers)
        line = _line(method, params, identifier)
        future = asyncio.get_running_loop().create_future()
        self._waiting[identifier] = (future, on_progress)
        try:
            await self._send(line)
            return _result(await future)
        except asyncio.CancelledError:
            if self._writer is not None:
                self._writer.write(_line("$/cancelRequest", {"id": identifier}))
            raise
        finally:
            self._waiting.pop(identifier, None)

    async def notify(self, method: str, **params: Any) -> None:
        """Sends without asking for an answer: a `train-step` sent so is learned in the background."""
        await self._send(_line(method, params))

    async def _send(self, line: bytes) -> None:
        if self._writer is None or self._receiving is None or self._receiving.done():
            raise ConnectionLost("the connection to rnnd is closed", "see: rnnd status")
        self._writer.write(line)
        try:
            await self._writer.drain()
        except OSError:
            raise ConnectionLost("the connection to rnnd was lost", "see: rnnd status") from None

    async def _receive(self, reader: asyncio.StreamReader) -> None:
        loss = ConnectionLost("the connection to rnnd was lost before the answer came", "see: rnnd status")
        try:
            while line := await reader.readline():
                self._deliver(_message(line))
        except (OSError, ValueError):
            pass
        except ConnectionLost as error:
            loss = error
        finally:
            for future, _ in self._waiting.values():
                if not future.done():
                    future.set_exception(loss)

    def _deliver(self, message: dict[str, Any]) -> None:
        progress = message.get("method") == "$/progress"
        identifier: Any = message["params"].get("id") if progress else message.get("id")
        if identifier not in self._waiting or self._waiting[identifier][0].done():
            return
        future, on_progress = self._waiting[identifier]
        if not progress:
            future.set_result(message)
        elif on_progress is not None:
            try:
                on_progress(message["params"]["value"])
            except Exception as error:
                future.set_exception(error)
                if self._writer is not None:
                    self._writer.write(_line("$/cancelRequest", {"id": identifier}))

    async def tokenize(self, text: str, **options: Any) -> list[int]:
        return cast("list[int]", (await self.call("tokenize", text=text, **options))["ids"])

    async def next_word(self, text: str, **options: Any) -> list[Word]:
        return cast("list[Word]", (await self.call("next-word", text=text, **options))["words"])

    async def train_step(self, text: str, **options: Any) -> Lesson:
        return cast(Lesson, await self.call("train-step", text=text, **options))

    async def score(self, text: str, **options: Any) -> dict[str, Any]:
        return cast("dict[str, Any]", await self.call("score", text=text, **options))

    async def generate(self, text: str = "", **options: Any) -> str:
        return cast(str, (await self.call("generate", text=text, **options))["text"])

    async def train(self, files: Sequence[str], **options: Any) -> dict[str, Any]:
        paths = [os.path.abspath(file) for file in files]
        return cast("dict[str, Any]", await self.call("train", files=paths, **options))


USAGE = """usage: rnnd.py [--socket PATH] CALL [TEXT] [--NAME VALUE]...

  rnnd.py train-step "the man bites the dog"
  rnnd.py next-word "the man bites the " --limit 3
  rnnd.py train --files '["/home/me/notes.md"]' --epochs 5 --progress true
  echo "the man bites the dog" | rnnd.py score -

TEXT is the parameter `text`; `-` reads it from standard input, less final line ends. A VALUE that is JSON (a number,
true, false, null, a list, an object, a quoted string) is sent as that, any other as a string. The result is printed
as JSON.
Exit status: 0, 64 usage, 69 no daemon, 130 interrupted, others as `rnnd help exit-codes` lists them."""

EXIT_CODES = {
    "parse-error": 65, "invalid-request": 64, "method-not-found": 64, "invalid-params": 64, "internal": 70,
    "cancelled": 130, "model-not-found": 66, "model-exists": 73, "token-out-of-range": 65, "diverged": 65,
    "storage": 74, "corrupt-file": 65, "limit-exceeded": 65, "step-mismatch": 75, "busy": 75, "shutting-down": 69,
    "not-permitted": 77,
}  # fmt: skip


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _parse(arguments: list[str]) -> tuple[Optional[str], str, dict[str, Any]]:
    """The socket, the method and the parameters that the command line names."""
    path, words, params = None, [], {}
    remaining = iter(arguments)
    for argument in remaining:
        if argument.startswith("--") and len(argument) > 2:
            name, equals, value = argument[2:].partition("=")
            if not equals:
                value = next(remaining, "")
            if name == "socket":
                path = value
            else:
                params[name] = _value(value)
        else:
            words.append(argument)
    if not 1 <= len(words) <= 2:
        raise RnndError("expected a call and at most one text\n" + USAGE)
    if len(words) == 2:
        params["text"] = sys.stdin.buffer.read().decode().rstrip("\n") if words[1] == "-" else words[1]
    return path, words[0], params


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(USAGE)
        return 0 if arguments else 64
    try:
        path, method, params = _parse(arguments)
    except (RnndError, UnicodeDecodeError) as error:
        print(f"rnnd.py: {error}", file=sys.stderr)
        return 64

    def report(progress: dict[str, Any]) -> None:
        print(json.dumps(progress, ensure_ascii=False), file=sys.stderr)

    try:
        with Client(path) as client:
            wants_progress = params.pop("progress", False) is True
            result = client.call(method, on_progress=report if wants_progress else None, **params)
        print(json.dumps(result, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None), flush=True)
        return 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ValueError as error:
        print(f"rnnd.py: what was given is no text or number that JSON can hold: {error}", file=sys.stderr)
        return 65
    except RnndError as error:
        print(f"rnnd.py: {error}" + (f"\n  {error.hint}" if error.hint else ""), file=sys.stderr)
        if isinstance(error, CallError):
            return EXIT_CODES.get(error.kind, 1)
        return 77 if isinstance(error, NotTrusted) else 69


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
