"""Signing in and out over HTTP, and who I am."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from admin_api import auth
from admin_api.auth import Asking, DeskHere
from admin_api.errors import errors
from admin_api.model import Role
from admin_api.roles import PERMISSIONS, Permission
from admin_api.shapes import Done, Words

router = APIRouter(prefix="/api", tags=["sign-in"])


class Credentials(BaseModel):
    """What a person signs in with."""

    name: Annotated[Words, Field(min_length=1, max_length=200)]
    password: Annotated[Words, Field(min_length=1, max_length=1000)]


class Me(BaseModel):
    """Who is signed in, what they may do, and the token that their writes must carry in X-Xiaoer-CSRF."""

    id: int
    name: str
    display_name: str
    role: Role
    language: str
    permissions: list[Permission]
    csrf: str


@router.post("/sign-in", summary="Sign in", responses=errors(400, 413, 429))
async def sign_in(request: Request, response: Response, desk: DeskHere, credentials: Credentials) -> Me:
    """Check name and password and open a session: its token comes as an HttpOnly cookie.

    Five wrong attempts for a name, or twenty from an address, lock for 15 minutes (429 with Retry-After).
    """
    auth.refuse_other_origins(request)
    address = request.client.host if request.client else ""
    token, asking = await auth.sign_in(desk, name=credentials.name, password=credentials.password, address=address)
    response.set_cookie(
        auth.COOKIE,
        token,
        max_age=int(auth.SESSION_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        path="/",
    )
    return _me(asking)


@router.post("/sign-out", summary="Sign out", responses=errors())
async def sign_out(response: Response, desk: DeskHere, asking: Asking) -> Done:
    """End this session, here and in the database."""
    async with desk.database.begin() as session:
        await auth.sign_out(session, session_id=asking.session_id)
    response.delete_cookie(auth.COOKIE, path="/")
    return Done()


@router.get("/me", summary="Who is signed in", responses=errors())
async def me(asking: Asking) -> Me:
    """The person of this session with their permissions and CSRF token."""
    return _me(asking)


def _me(asking: auth.SignedIn) -> Me:
    person = asking.staff
    return Me(
        id=person.id,
        name=person.name,
        display_name=person.display_name,
        role=person.role,
        language=person.language,
        permissions=sorted(PERMISSIONS[person.role]),
        csrf=asking.csrf,
    )
