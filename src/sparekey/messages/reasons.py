"""The sentences for every reason that we refuse or end something by. Reasons are stable names; pages, API and audit share them."""

import gettext
from collections.abc import Iterable, Mapping
from typing import Final


def N_(text: str) -> str:  # noqa: N802 - the field's name for "to be translated later"
    return text


SENTENCES: Final[Mapping[str, str]] = {
    # Fields.
    "invalid_input": N_("Please look at the marked fields."),
    "email_missing": N_("Enter your e-mail address."),
    "email_invalid": N_("This does not look like an e-mail address. Example: anna@example.com"),
    "phone_missing": N_("Enter your phone number."),
    "phone_invalid": N_("This does not look like a phone number. Example: +371 20 000 000"),
    "phone_needs_country": N_("Begin with a plus and the number of the country. Example: +371 20 000 000"),
    "phone_gets_no_texts": N_("This number cannot receive text messages. Please enter a mobile number."),
    "texts_not_offered": N_("This site cannot send text messages."),
    "number_reserved": N_(
        "This number left another account lately and is kept for it for 30 days. Please try again later; nothing was changed."
    ),
    "number_kept": N_("The owner of another account has shown that this number is still theirs, so it was not moved."),
    "one_address_at_a_time": N_("Add an e-mail address or a phone number, one at a time."),
    "identifier_missing": N_("Enter your e-mail address, phone number or user name."),
    "identifier_invalid": N_("This cannot be a name or address. Please check it."),
    "name_missing": N_("Enter your name."),
    "name_too_long": N_("This name is too long: %(max)s characters at most."),
    "name_bad_character": N_("This name contains an invisible character that cannot be shown. Please type it again."),
    "user_name_invalid": N_("A user name has 3 to 30 letters a–z, digits, dots, dashes or underscores."),
    "user_name_taken": N_("This user name is taken. Please choose another."),
    "password_missing": N_("Enter your password."),
    "password_too_short": N_("Too short: at least %(min)s characters. A few words in a row are easy to remember."),
    "password_too_long": N_("Too long: %(max)s characters at most."),
    "password_bad_character": N_("This password contains a character that cannot be typed on a keyboard."),
    "password_breached": N_("This password was in a data breach, so thieves try it everywhere. Please choose another."),
    "password_like_name": N_("This password is made of your name. Please choose another."),
    "password_like_address": N_("This password is made of your address. Please choose another."),
    "password_like_site": N_("This password is made of the name of this site. Please choose another."),
    "password_used_before": N_("You have used this password before. Please choose a new one."),
    "password_too_easy": N_("This password is easy to guess. Make it longer, or less like a pattern."),
    "passwords_differ": N_("The two passwords are not the same."),
    "code_missing": N_("Enter the code from the message."),
    "totp_missing": N_("Enter the code that your authenticator app shows."),
    "backup_code_missing": N_("Enter one of your backup codes, with its number."),
    "backup_code_unreadable": N_("A backup code is its number and 15 letters. Example: 4 BCDFG-HJKLM-NPQRS"),
    "backup_code_number": N_("Type the number that stands in front of the code, too. Example: 4 BCDFG-HJKLM-NPQRS"),
    "backup_code_not_shown": N_("This is none of the ten codes above. Type one of them, with its number."),
    "backup_codes_alone": N_("Backup codes stand in for a second factor. Add one first."),
    "factor_unknown": N_("Your account has no such way to verify any more."),
    "address_is_yours": N_("This address is already on your account."),
    "address_is_main": N_("This is your main address. Make another one the main address first."),
    "address_unknown": N_("Your account has no such address any more."),
    "change_missing": N_("Choose from where on it was not you."),
    "change_unknown": N_("This can no longer be undone."),
    "language_unknown": N_("We do not have this language yet."),
    "address_has_account": N_("This address has an account here already. Sign in to it, then link the other account on the page Security."),
    "password_first": N_(
        "You have no password here yet. With this second step, signing in would ask for it as well. Set one first: choose "
        "“Forgot your password” on the sign-in page. A passkey needs none."
    ),
    "social_unknown": N_("This account is not linked any more."),
    "provider_unknown": N_("This site does not offer signing in with that one."),
    "redirect_unknown": N_("This address is not among those that the site allows to come back to."),
    "key_refused": N_("This key was not accepted. Try again, or take another key or browser."),
    "passkey_refused": N_(
        "This passkey was not accepted. It may have been removed from the account, or this page was open too long. "
        "Try again, or sign in another way."
    ),
    "factor_taken": N_("This is on an account already. Use another one."),
    "agent_not_possible": N_("There is no such account, or it has neither a security key nor a passkey. An agent needs one."),
    "agent_already": N_("This account works on cases already."),
    "agent_role_young": N_("Your role is younger than seven days, so it does not count yet."),
    "agent_key_young": N_("The key that you are signed in with is younger than seven days, so it does not count yet."),
    "agent_own_case": N_("This case is about your own account. Others decide it."),
    "agent_collides": N_("This case touches you: its address is yours, or it was opened in this browser. Others decide it."),
    "agent_same_hand": N_(
        "An agent who has voted so was placed by you, placed you, or comes from the same agent. Another one must decide."
    ),
    "agent_has_voted": N_("You have voted on this case."),
    "agents_too_few": N_("It takes two agents who are independent of each other, and this site has fewer. Nothing can be approved."),
    "case_of_an_agent": N_(
        "This is the account of an agent. It comes back by a second key, or through whoever runs the server, and in no other way."
    ),
    "case_is_decided": N_("This case is decided, or waits for nobody here."),
    "template_unknown": N_("There is no such question."),
    "reason_unknown": N_("Choose a reason."),
    # The person's.
    "not_proven": N_("That is not right. Please check it and try again."),
    "too_many_tries": N_("Too many tries. Please wait a little and try again."),
    "too_much_begun": N_("This was begun very often in a short time. Please wait a little and try again."),
    "too_many_messages": N_(
        "Many messages were sent in a short time. Please wait a little and try again; those sent before are still good."
    ),
    "user_names_used_up": N_("Too many user names were tried. Everything else can be changed now."),
    "human_needed": N_("There were many tries from your network or for this name. Please show once that you are a person."),
    "human_waits": N_("The minute is not over yet. Please wait a little longer, then press the button again."),
    "guesses_used_up": N_(
        "There were too many wrong tries for this name from devices that we do not know. "
        "Use a device that you have signed in on before, or let us send you a link by e-mail."
    ),
    "resend_too_soon": N_("A message was sent a moment ago. You can ask for another in %(seconds)s seconds."),
    "unknown": N_("This page belongs to another browser, or its time is over. Please start again."),
    "expired": N_("This took too long, so it has expired. Please start again; nothing was changed."),
    "done": N_("This is already done."),
    "replaced": N_("Your account was changed meanwhile, so this was ended. Please start again if you still need it."),
    "taken": N_("This address has an account by now. Sign in with it, or recover it."),
    "referred": N_("From here only people can help."),
    "denied": N_("This is not possible for this account."),
    "refused": N_("This was refused, and nothing was changed."),
    "disowned": N_("This was ended because someone said that they had not asked for it."),
    "signed_out": N_("You were signed out, so this was ended. Please start again if you still need it."),
    "left": N_("You stopped this, and nothing was changed."),
    "cancelled": N_("This was stopped by somebody who showed at least as much of the account's ways to verify."),
    "no_route": N_("What was shown is not enough, and there is nothing more to try."),
    "not_offered": N_("This site does not offer this."),
    "social_not_linked": N_(
        "There is an account with this address, but it is not linked to the one that you come with. "
        "Sign in the way you did before, then link it."
    ),
    "social_taken": N_("That account is linked to another account here already."),
    "social_is_yours": N_("That account is linked to yours already."),
    "frozen": N_("This account is locked for its protection."),
    "blocked": N_("This account is blocked."),
    "contact_taken": N_(
        "This address belongs to another account here, or left one lately. Stop this case, and open a new one with an address that "
        "has none."
    ),
    "cases_used_up": N_(
        "Several cases were opened with this name or this address a short time ago. Go on with one of them, or come back tomorrow."
    ),
    "case_kind_unknown": N_("Choose what has happened."),
    "month_invalid": N_("Choose a month and a year. Example: 2024-05"),
    "statements_missing": N_("Fill in at least one line; what you do not remember stays empty."),
    "message_missing": N_("Write something first."),
    "message_too_long": N_("This is too long: %(max)s characters at most."),
    "message_bad_character": N_("This contains an invisible character that cannot be shown. Please type it again."),
    "outweighed": N_("Somebody else claimed this account, and has shown more. Start again, and show more."),
    "disputed": N_("This is held back while it is being found out whose account this is."),
    "quarantined": N_("This is held back for a few days after a recovery."),
    "link_over": N_("This link was already used, has expired, or was replaced by a newer one."),
    "prompts_used_up": N_(
        "Three questions went to your phone within an hour, so no other one was sent. Take another way, or come back later."
    ),
    "prompt_over": N_("This question was answered already, or took too long. Ask again on the other screen."),
    "pairing_over": N_("This code is over, or it was mistyped. Show a new one on the other screen."),
    "qr_over": N_("This code is over: it is good for two minutes, and once. Let the computer show a new one."),
    "wrong_number": N_("That was another number, so this was ended for your safety. Let the other screen show a new one."),
    "number_missing": N_("Type the three digits that the computer shows."),
    "contacts_too_few": N_("Name at least %(fewest)s friends: one alone must not be able to do anything."),
    "contacts_too_many": N_("Name at most %(most)s friends."),
    "contacts_needed": N_("Choose a number from %(fewest)s to %(most)s: so many of your friends must help."),
    "contact_name_missing": N_("Enter the name of this friend."),
    "contact_email_missing": N_("Enter the e-mail address of this friend."),
    "contact_is_you": N_("This is an address of yours. A friend is somebody else, with a mailbox that only they read."),
    "contact_twice": N_("This friend stands in the list already."),
    "contacts_all_needed": N_(
        "You want all of them to be needed. Then one who is ill, travelling or has a new address closes this way for you. "
        "Name one friend more, or tick the box if you mean it."
    ),
    "contacts_change_waits": N_("A change of your recovery contacts is waiting already. Stop that one first."),
    "contacts_unchanged": N_("This is the list that you have."),
    "phrase_missing": N_("Type the four words that your friend told you."),
    "secret_question_off": N_("This site has no secret question."),
    "question_unknown": N_("Choose one of the questions."),
    "secret_answer_short": N_("An answer has at least %(least)s letters or digits."),
    "secret_answer_long": N_("An answer has at most %(most)s letters and digits."),
    "not_signed_in": N_("Please sign in first."),
    "second_factor_needed": N_("This site asks for a second step at sign-in. Please add one first."),
    "needs_fresh_proof": N_("Please prove once more that it is you."),
    # The client's.
    "bad_json": N_("The request is not what the API documentation describes."),
    "bad_form": N_("The form did not arrive whole. Please try again."),
    "duplicate_field": N_("A field was sent twice."),
    "wrong_content_type": N_("The request has the wrong content type."),
    "too_large": N_("The request is too large."),
    "foreign_origin": N_("The request came from another site, so it was not carried out."),
    "foreign_host": N_("This server does not answer for that name."),
    "receipt_not_genuine": N_("This report does not carry the signature that was agreed on."),
    "not_the_shop": N_("This door is for the shop, with its own secret."),
    "account_unknown": N_("There is no such account."),
    "text_unusable": N_("This contains a character that cannot be shown."),
    "amount_and_currency": N_("An amount needs its currency, and a currency its amount."),
    "in_the_future": N_("This is in the future. Do both clocks agree?"),
    "too_long_ago": N_("This is too long ago to be kept."),
    "orders_missing": N_("Choose what was not yours."),
    "order_unknown": N_("Your account has no such order or payment."),
    "reference_taken": N_("This reference stands for something else on this account."),
    "action_not_own": N_("This is no action of the site’s own that the policy offers."),
    "return_foreign": N_("This is no address of the shop (SPAREKEY_SHOP_URL)."),
    "title_missing": N_("Say in words what is to be confirmed."),
    "not_confirmed": N_("Nobody has confirmed this."),
    "confirmation_used": N_("This was confirmed once and used once."),
    "confirmation_over": N_("This was confirmed too long ago to be used."),
    "receipt_over": N_("This was reported before, or it is too late for it."),
    "cookies_refused": N_("Your browser refuses cookies. Without them we cannot tell you from others. Please allow them and try again."),
    "not_found": N_("There is no such page."),
    "method_not_allowed": N_("This address does not take such a request."),
    "wrong_step": N_("This is not the next step. Please look where you are and go on from there."),
    # The operator's, and ours.
    "busy": N_("Many people are signing in at the moment. Please try again in a few seconds; nothing is lost."),
    "provider_silent": N_("The other site does not answer at the moment. Nothing was changed; try again, or take another way."),
    "provider_refused": N_("The other site did not confirm that it is you. Nothing was changed; try again, or take another way."),
    "store_unavailable": N_("We are working on the service. Please try again in a moment; nothing is lost and nothing was changed."),
    "stale_flow": N_("This was changed in another tab at the same moment. Please look at it again."),
    "internal": N_("Something went wrong on our side. Nothing was changed. Please try again."),
}


def sentence(words: gettext.NullTranslations, reason: str, params: Iterable[tuple[str, str]] = ()) -> str:
    """The sentence of a reason in the language of ``words``. Raises ``KeyError`` for a reason without one."""
    text = words.gettext(SENTENCES[reason])
    filled = dict(params)
    return text % filled if filled else text
