"""An agent writes to the person of a case: in the chat, with a mail that leads there (mission.md, C3)."""

from sparekey.domain.audit import Event
from sparekey.domain.cases import WITH_AGENTS, Author, CaseMessage, CaseMove, moved
from sparekey.domain.errors import FieldProblem, InvalidInput, WrongStep
from sparekey.domain.messages import MessageKind
from sparekey.messages import catalogue
from sparekey.messages.case_words import QUESTIONS, question
from sparekey.use_cases.agent_looks import load_for_agent
from sparekey.use_cases.answer_by_mail import answer_address
from sparekey.use_cases.at_work import at_work
from sparekey.use_cases.record import record
from sparekey.use_cases.say_in_case import check_message
from sparekey.use_cases.services import Client, Services
from sparekey.use_cases.tell_of_case import tell_person


async def agent_says(services: Services, client: Client, number: str, *, text: str = "", template: str = "") -> CaseMessage:
    """Own words, a question of ``case_words.QUESTIONS`` in the person's language, or first the one and then the other.

    Raises ``InvalidInput``, ``WrongStep`` for a case that waits for no agent, and what ``agent_looks`` raises.
    """
    if template and template not in QUESTIONS:
        raise InvalidInput(FieldProblem("template", "template_unknown"))
    if text.strip() or not template:
        text = check_message(text, "text")
    async with services.store.transaction() as tx:
        at = await at_work(tx, services, client)
        loaded = await load_for_agent(tx, services, number)
        case, agent_id = loaded.case, at.agent.account_id
        if case.state not in WITH_AGENTS:
            raise WrongStep(f"a case that is {case.state} waits for no agent")
        asked = question(template, catalogue.translator(case.language)) if template else ""
        said = "\n\n".join(part for part in (asked, text.strip()) if part)
        await tx.cases.save(moved(case, CaseMove.ASK, loaded.now))
        message = await tx.cases.add_message(CaseMessage(case.case_id, 0, loaded.now, Author.AGENT, said, agent_id))
        await tell_person(tx, services, case, MessageKind.CASE_MESSAGE, reply=answer_address(services, case))
        await record(
            tx,
            services,
            loaded.lock,
            Event.CASE_ASKED,
            loaded.account,
            client,
            flow_id=case.case_id,
            subject=case.subject,
            agent=agent_id,
            template=template,
        )
    return message
