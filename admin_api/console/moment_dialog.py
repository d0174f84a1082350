"""Asking for one moment."""

from datetime import datetime

from admin_api.console.edit_dialog import EditDialog, Save
from admin_api.console.price_fields import moment_field, read_moment, refuse_field
from admin_api.console.visit import Visit
from admin_api.roles import StaffMember


class MomentDialog(EditDialog[datetime]):
    """`open` gives the moment, or None."""

    def __init__(self, visit: Visit, title: str, moment: datetime) -> None:
        self.moment = moment
        super().__init__(visit, title)

    def draw(self) -> None:
        self.field = moment_field(self.visit, self.visit.t("Ends"), self.moment)

    def saving(self) -> Save[datetime]:
        moment = read_moment(self.visit, self.field)
        if moment is None:
            raise refuse_field(self.field)

        async def save(_: StaffMember) -> datetime:
            return moment

        return save
