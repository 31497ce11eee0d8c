"""Wrong arguments of what a person makes in code, in the words that faults of scenario files have."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)  # which pydantic does not export


class Asked(ModelMetaclass):
    """Lets a class that a person calls tell wrong arguments as the files of scenarios are told, not as pydantic does.

    Within a form that is read, pydantic goes past this: there a fault keeps its place and its line.
    """

    def __call__(cls, *args: Any, **given: Any) -> Any:
        """Make one, or raise :class:`~forecast.question.faults.ScenarioError`."""
        try:
            return super().__call__(*args, **given)
        except ValidationError as error:
            from forecast.question import faults  # which knows all levers, and they are made by this

            form: Any = cls
            raise faults.ScenarioError(cls.__name__, faults.of_model(error, form)) from None
