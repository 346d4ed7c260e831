"""One call with the generated client: makes a user and prints its id."""

import importlib
import os
import pkgutil

from trilby_identity_client import AuthenticatedClient
from trilby_identity_client.api.users import create_user
from trilby_identity_client.models import NewUser


def import_all(package_name: str) -> None:
    """Imports every module, so that one that cannot be imported is noticed."""
    package = importlib.import_module(package_name)
    for module in pkgutil.walk_packages(package.__path__, f"{package_name}."):
        importlib.import_module(module.name)


for service in ("identity", "token", "decision"):
    import_all(f"trilby_{service}_client")

client = AuthenticatedClient(base_url=os.environ["TRILBY_TEST_URL"], token=os.environ["TRILBY_TEST_TOKEN"])
answer = create_user.sync_detailed(
    os.environ["TRILBY_TEST_ACCOUNT"], client=client, body=NewUser(name=os.environ["TRILBY_TEST_USER"])
)
if answer.status_code != 201:
    raise SystemExit(f"create_user was refused: {answer.content!r}")
print(answer.parsed.id)
