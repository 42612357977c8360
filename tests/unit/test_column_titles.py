"""Titles of columns as HR systems, directories and offices of many countries write them."""

import pytest

from webapp.domain.employees.column_headers import UnclearColumns
from webapp.domain.employees.employee_file import open_file

# First name, last name, number and address, in the order of the fields below.
FIELDS = ("first_name", "last_name", "employee_number", "email")
FILES = {
    "BambooHR": "First Name,Last Name,Employee #,Work Email",
    "Workday": "Legal Name - First Name,Legal Name - Last Name,Employee ID,Email - Primary Work",
    "SAP SuccessFactors": "FIRSTNAME,LASTNAME,USERID,EMAIL",
    "SAP HR": "Vorname;Nachname;PERNR;E-Mail-Adresse",
    "Personio": "First name,Last name,Employee ID,Email",
    "ADP": "Legal First Name,Legal Last Name,Associate ID,Work Contact: Work Email",
    "Google": "First Name [Required],Last Name [Required],Employee ID,Email Address [Required]",
    "Entra ID": "givenName,surname,employeeId,mail",
    "Entra ID without mail": "givenName,surname,employeeId,userPrincipalName",
    "German": "Vorname;Name;Pers.-Nr.;E-Mail",
    "French": "Prénom;Nom;N° matricule;Adresse e-mail",
    "Spanish": "Nombre,Apellidos,Nº empleado,Correo electrónico",
    "Italian": "Nome;Cognome;Matricola;Posta elettronica",
    "Portuguese": "Nome;Sobrenome;Matrícula;E-mail",
    "abbreviated": "Vorname;Familienname;MA-Nr.;E-Mail (geschäftlich)",
    "Norwegian": "Fornavn;Etternavn;Ansattnr;E-post",
    "Sage": "Forename,Surname,Employee Ref,Email",
    "Dutch": "Voornaam;Achternaam;Personeelsnummer;E-mailadres",
    "Polish": "Imię;Nazwisko;Numer pracownika;Adres e-mail",
    "Czech": "Jméno;Příjmení;Osobní číslo;E-mail",
    "Hungarian": "Keresztnév;Vezetéknév;Törzsszám;E-mail cím",
    "Swedish": "Förnamn;Efternamn;Anställningsnummer;E-postadress",
    "Turkish": "Ad;Soyad;Sicil No;E-posta",
    "Russian": "Имя;Фамилия;Табельный номер;Электронная почта",
    "Japanese": "名,姓,社員番号,メールアドレス",
    "Chinese": "名,姓,工号,电子邮件",
    "Korean": "이름,성,사번,이메일",
    "shouting": "FIRST_NAME,LAST_NAME,EMPLOYEE_NUMBER,E-MAIL",
    "full width": "Ｆｉｒｓｔ ｎａｍｅ,Ｌａｓｔ ｎａｍｅ,Ｎｕｍｂｅｒ,Ｅｍａｉｌ",
}


@pytest.mark.parametrize("titles", FILES.values(), ids=list(FILES))
def test_the_titles_of_many_systems_are_known(titles: str) -> None:
    header = open_file(f"{titles}\n".encode()).header
    assert [header.columns.get(field) for field in FIELDS] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("titles", "field", "column"),
    [
        ("Department,Team,Email,Number,Name", "department", 0),
        ("Team,Email,Number,Name", "department", 0),
        ("Location,City,Email,Number,Name", "location", 0),
        ("Status,Employment Status,Email,Number,Name", "active", 0),
        ("accountEnabled,Email,Number,Name", "active", 0),
        ("mail,userPrincipalName,Number,Name", "email", 0),
        ("displayName,Email,Number,First name,Last name", "full_name", None),
        ("Name,Email,Number", "full_name", 0),
        ("Nombre,Correo,Legajo", "full_name", 0),
        ("Email (private),E-mail,Number,Name", "email", 1),
        ("Manager - Email,E-mail,Number,Name", "email", 1),
        ("Manager - Email,Number,Name", "email", None),
        ("Email,Manager: Employee ID,Employee ID,Name", "employee_number", 2),
        ("Email;Number;Last name, First name", "full_name", 2),
        ("氏名,社員番号,メールアドレス", "full_name", 0),
        ("Number,Employee ID,Email,Name", "employee_number", 1),
    ],
)
def test_the_better_title_wins(titles: str, field: str, column: int | None) -> None:
    assert open_file(f"{titles}\n".encode()).header.columns.get(field) == column


def test_titles_that_are_not_known_are_named() -> None:
    file = open_file(b"Contact;Ref;First name;Last name\nnora@example.com;5;Nora;New\n")
    with pytest.raises(UnclearColumns) as refusal:
        file.check()
    assert "e-mail address or the employee number" in str(refusal.value)
    assert "“Contact”, “Ref”, “First name”, “Last name”" in str(refusal.value)


def test_somebody_says_which_column_is_which() -> None:
    data = b"Contact;Ref;First name;Last name;Status\nnora@example.com;5;Nora;New;Married\n"
    file = open_file(data, columns={"email": "contact", "employee_number": 1, "active": None})
    file.check()
    assert file.header.columns == {
        "first_name": 2,
        "last_name": 3,
        "email": 0,
        "employee_number": 1,
    }
    with pytest.raises(UnclearColumns, match="There is no column “Mail”"):
        open_file(data, columns={"email": "Mail"})


def test_two_columns_of_one_kind_are_asked_about() -> None:
    with pytest.raises(UnclearColumns, match="“Team” and “Unit” may both be the department"):
        open_file(b"Email,Number,Name,Team,Unit\na@example.com,1,A,B,C\n").check()


@pytest.mark.parametrize("above", ["Report\n\n", "Report\nCreated,2026-11-20\n\n", "a;b;c\n" * 9])
def test_lines_above_the_titles_are_passed_over(above: str) -> None:
    file = open_file(f"{above}Email,Employee ID,First name,Last name\nn@x.example,5,N,N\n".encode())
    assert [row.number for row in file.rows()] == [above.count("\n") + 2]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("separator_line", ["", "sep={}\r\n", '"sep={}"\r\n', "SEP={}\n"])
def test_the_delimiter_is_recognised(delimiter: str, separator_line: str) -> None:
    titles = delimiter.join(["Email", "Employee ID", "Name"])
    row = delimiter.join(["n@example.com", "5", "Nora New"])
    file = open_file(f"{separator_line.format(delimiter)}{titles}\n{row}\n".encode())
    assert [row.number for row in file.rows()] == [3 if separator_line else 2]
