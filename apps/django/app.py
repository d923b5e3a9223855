"""The workloads in Django (ASGI): a `def` view has a thread of its own, `async def` ones are on the loop."""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from apps import workloads

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"])


async def ping(_: HttpRequest) -> JsonResponse:
    return JsonResponse({"result": "pong"})


async def async_io(_: HttpRequest) -> JsonResponse:
    return JsonResponse({"result": await workloads.wait()})


async def async_cpu(_: HttpRequest) -> JsonResponse:
    return JsonResponse({"result": workloads.compute()})


def sync_cpu(_: HttpRequest) -> JsonResponse:
    return JsonResponse({"result": workloads.compute()})


def sync_io(_: HttpRequest) -> JsonResponse:
    return JsonResponse({"result": workloads.wait_blocking()})


async def runtime(_: HttpRequest) -> JsonResponse:
    return JsonResponse(workloads.runtime())


urlpatterns = [
    path("ping", ping),
    path("async-io", async_io),
    path("async-cpu", async_cpu),
    path("sync-cpu", sync_cpu),
    path("sync-io", sync_io),
    path("runtime", runtime),
]

app = get_asgi_application()
