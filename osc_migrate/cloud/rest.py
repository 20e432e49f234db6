"""A service's REST API, at exactly the microversion that a call needs.

openstacksdk handles authentication, discovery, TLS and connections. Its typed
calls are not used: they choose the microversion themselves (2.30 for a live
migration, which hides why it was refused) and hide missing fields.
"""

import dataclasses
import functools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import requests
from keystoneauth1 import exceptions as ksa
from openstack import exceptions as sdk
from openstack import utils

from osc_migrate import errors, microversions
from osc_migrate.cloud import bounded_body, redirects
from osc_migrate.cloud.json_fields import JsonObject
from osc_migrate.facts import Unread

# Seconds until a response starts, and then until it ends. Generous, because
# a list of 1,000 servers may take long.
ANSWER_TIMEOUT = 60
# Parallel requests of all threads: fewer than the ten connections that
# requests keeps, and than an API should have to serve for one user.
_AT_ONCE = threading.BoundedSemaphore(8)
# Seconds before a read is retried; doubled for each further retry.
PAUSE = 0.5
# A second request is cheaper than a huge body.
PAGE = 1000


class Api:
    """A service of the cloud.

    :param adapter: returns openstacksdk's proxy for the service; called for
        the first request, because it may read the catalog.
    :param service: name for operators, such as 'Nova'.
    :param newest: newest microversion supported by this code; None for a
        service without microversions.
    :param tries: maximum number of attempts to read if the error may be
        temporary.
    """

    def __init__(
        self,
        adapter: Callable[[], Any],
        service: str,
        newest: str | None = None,
        tries: int = 1,
    ) -> None:
        self.tries = tries
        self._find_adapter = adapter
        self.service = service
        self._newest = newest
        self._version: str | None = None
        self._resolved_adapter: Any = None
        self._finding = threading.RLock()

    @property
    def version(self) -> str:
        """The newest microversion that both sides support.

        The user's choice (``--os-compute-api-version 2.79``) is an upper
        bound; the client's default of 2.1 does not count as a choice.

        :raises ApiError: the service cannot be found or reached.
        """
        with self._finding:  # One thread discovers it, the others wait.
            if self._version is None:
                self._version = self._negotiate()
            return self._version

    @property
    def _adapter(self) -> Any:
        with self._finding:
            if self._resolved_adapter is None:
                with _translated(self.service, "be found"):
                    self._resolved_adapter = self._find_adapter()
            return self._resolved_adapter

    def _negotiate(self) -> str:
        newest = self._newest or "0"
        chosen = self._adapter.default_microversion
        if chosen and microversions.key(chosen) != (0, 0):
            newest = min(newest, chosen, key=microversions.key)
        return self._up_to(newest)

    @functools.cached_property
    def offered(self) -> str:
        """The newest microversion of the service that this code supports.

        Not limited by the user's choice.
        """
        return self._up_to(self._newest or "0")

    @functools.cached_property
    def identity(self) -> str:
        """Identifies this service among clouds.

        The ID of its endpoint in Keystone's catalog, or else its URL.

        :raises ApiError: the service cannot be found.
        """
        with _translated(self.service, "be found"):
            data = self._adapter.get_endpoint_data()
            url = self._adapter.get_endpoint()
        return str(getattr(data, "endpoint_id", None) or url)

    def _up_to(self, newest: str) -> str:
        with _translated(self.service, "report its version"):
            common = utils.maximum_supported_microversion(
                self._adapter, newest
            )
        if common is None:
            # No discovery document or no microversions: assume the oldest.
            return "2.1" if self.service == "Nova" else "1.0"
        return common

    def has(self, microversion: str) -> bool:
        return microversions.is_at_least(self.version, microversion)

    def need(self, microversion: str, feature: str) -> None:
        """:raises Unread: the service lacks this microversion."""
        if not self.has(microversion):
            raise Unread(f"{feature} from microversion {microversion} on")

    def get(
        self,
        path: str,
        what: str,
        *,
        newest: str | None = None,
        query: Mapping[str, object] | None = None,
        timeout: float = ANSWER_TIMEOUT,
    ) -> JsonObject:
        """Return the JSON object at `path`.

        :param what: completes "could not ...", such as "show server vm1".
        :param newest: upper bound of the microversion of this call.
        :raises ApiError: a status of 400 or above, or no response.
        """
        pauses = [PAUSE * 2**n for n in range(self.tries - 1)]
        while True:
            try:
                answer = self._call(
                    "get",
                    path,
                    what,
                    newest=newest,
                    params=query,
                    timeout=timeout,
                )
                return self._body(answer, what, newest)
            except errors.ApiError as error:
                if not error.passing or not pauses:
                    raise
                time.sleep(pauses.pop(0))

    def post(self, path: str, what: str, body: object) -> str | None:
        """Post `body`, never twice; return the request ID.

        :raises ApiError: like :meth:`get`; if ``status`` is None, the request
            may or may not have arrived.
        """
        answer = self._call(
            # It must not be repeated automatically after a dropped connection.
            "post",
            path,
            what,
            json=body,
            connect_retries=0,
        )
        request_id = answer.headers.get("x-openstack-request-id")
        return str(request_id) if request_id else None

    def put(self, path: str, what: str, body: object) -> None:
        """Put `body`, without retries.

        :raises ApiError: like :meth:`post`.
        """
        self._call("put", path, what, json=body, connect_retries=0)

    def delete(self, path: str, what: str) -> None:
        """Delete the resource at `path`, without retries.

        :raises ApiError: like :meth:`post`.
        """
        self._call("delete", path, what, connect_retries=0)

    def pages(
        self,
        path: str,
        key: str,
        what: str,
        *,
        newest: str | None = None,
        query: Mapping[str, object] | None = None,
        marker: str | None = "id",
    ) -> Iterator[JsonObject]:
        """Yield every object of a list, one request for each page.

        :param marker: field of a row that serves as the marker of the next
            page; None if the list is not paged.
        """
        parameters: dict[str, object] = dict(query or {})
        if marker:
            parameters["limit"] = PAGE
        while True:
            body = self.get(path, what, newest=newest, query=parameters)
            try:
                rows = body.rows(key)
                yield from rows
                # Services may use smaller pages: only the link shows
                # that there are more.
                if not marker or not rows or f"{key}_links" not in body:
                    return
                if parameters.get("marker") == (last := rows[-1].text(marker)):
                    return
            except Unread as unread:
                raise errors.ApiError(
                    self.service, what, None, unread.reason
                ) from None
            parameters["marker"] = last

    def _call(
        self,
        method: str,
        path: str,
        what: str,
        *,
        newest: str | None = None,
        timeout: float = ANSWER_TIMEOUT,
        **kwargs: Any,
    ) -> "_Answer":
        version = self._used(newest)

        def sent() -> tuple[requests.Response, bytes]:
            answer: requests.Response = getattr(self._adapter, method)(
                path,
                microversion=version,
                headers={"Accept": "application/json"},
                raise_exc=False,
                timeout=timeout,
                stream=True,
                # clouds.yaml may enable it, but facts must be current.
                skip_cache=True,
                # For Glance alone, the SDK would retry five times, for 15 s.
                status_code_retries=0,
                redirect=False,
                **kwargs,
            )
            if redirects.is_redirect(answer):
                answer.close()
                raise errors.ApiError(
                    self.service,
                    what,
                    answer.status_code,
                    redirects.explanation(answer),
                )
            return answer, bounded_body.content(answer, timeout)

        with _AT_ONCE, _translated(self.service, what):
            answer, body = sent()
            if answer.status_code == 401:
                # An expired token: keystoneauth gets a new one and retries,
                # but in only one of several threads.
                answer, body = sent()
        if answer.status_code >= 400:
            reason = str(answer.reason or "no reason given")
            raise errors.ApiError(
                self.service,
                what,
                answer.status_code,
                _message(body) or reason,
            )
        return _Answer(body, answer.headers)

    def _used(self, newest: str | None) -> str | None:
        """Return the microversion of a call with that bound, or None."""
        if self._newest is None:
            return None
        return min(self.version, newest or self.version, key=microversions.key)

    def _body(
        self, answer: "_Answer", what: str, newest: str | None
    ) -> JsonObject:
        version = self._used(newest)
        origin = self.service
        if version:
            origin += f" (microversion {version})"
        try:
            return JsonObject(json.loads(answer.body), "its answer", origin)
        except (ValueError, RecursionError):
            message = "the answer is not JSON"
        except Unread as unread:
            message = unread.reason
        raise errors.ApiError(self.service, what, None, message)


@dataclasses.dataclass(frozen=True)
class _Answer:
    body: bytes
    headers: Mapping[str, str]


class _translated:
    """Converts exceptions of keystoneauth, SDK and requests to ApiError."""

    def __init__(self, service: str, what: str) -> None:
        self._service = service
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: object, _trace: object) -> None:
        status = None
        if isinstance(error, ksa.HttpError | sdk.HttpException):
            code = getattr(error, "http_status", None) or getattr(
                error, "status_code", None
            )
            status = code if isinstance(code, int) else None
        elif not isinstance(
            error,
            ksa.ClientException | sdk.SDKException | requests.RequestException,
        ):
            return
        raise errors.ApiError(
            self._service, self._what, status, str(error)
        ) from error


def _message(body: bytes) -> str:
    """Return the message of an error, wherever the service put it; or ''.

    Nova: ``{"conflictingRequest": {"message": ...}}``; placement:
    ``{"errors": [{"detail": ...}]}``; a proxy: HTML or nothing.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict):
        for inner in data.values():
            if isinstance(inner, list) and inner:
                inner = inner[0]
            if isinstance(inner, dict):
                message = inner.get("message") or inner.get("detail")
                if isinstance(message, str):
                    return " ".join(message.split())
    return ""
