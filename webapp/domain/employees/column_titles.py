"""The titles that columns of employee lists have: of HR systems, directories and spreadsheets.

Compared without case, accents, spaces and punctuation, and without what stands in brackets
("Email Address [Required]").
"""

import re
import unicodedata

# For each field the titles that name it, one language or system a line.
TITLES = {
    "email": """
        email, e-mail, mail, email address, mail address, work email, work email address
        business email, company email, corporate email, email work, email - primary work
        primary work email, primary email, work contact: work email, user principal name, upn
        E-Mail-Adresse, Mailadresse, Arbeits-E-Mail, dienstliche E-Mail, geschäftliche E-Mail
        courriel, adresse e-mail, adresse électronique, adresse de courriel, mél
        e-mail professionnel, email professionnel, correo, correo electrónico, correo corporativo
        dirección de correo electrónico, email corporativo, correo de trabajo
        posta elettronica, indirizzo e-mail, email aziendale, e-mail profissional
        endereço de e-mail, e-mailadres, werk e-mail, zakelijk e-mailadres, adres e-mail
        e-mail służbowy, služební e-mail, e-mailová adresa, e-mail cím, céges e-mail, e-postadress
        e-post, jobb-e-post, arbejdsmail, sähköposti, sähköpostiosoite, e-posta, e-posta adresi
        iş e-postası, электронная почта, почта, эл. почта, адрес электронной почты, электронна пошта
        メールアドレス, メール, Eメール, 电子邮件, 邮箱, 电子邮箱, 工作邮箱, 電子郵件, 電子信箱
        이메일, 이메일 주소
    """,
    "employee_number": """
        employee number, employee #, employee no, employee id, employee code, emp no, emp id
        emp number, employeeid, staff number, staff id, staff no, personnel number, personnel no
        pers.no, pernr, payroll number, payroll id, badge number, worker id, associate id
        person number, person id, file number, user id, hris id, employee ref, staff ref
        Personalnummer, Personal-Nr, Pers.-Nr, Persnr, Mitarbeiternummer, Mitarbeiter-Nr
        Mitarbeiter-ID, MA-Nummer, MA-ID, Stammnummer, Matricule, numéro d'employé
        numéro de matricule, n° matricule, identifiant employé
        numéro employé, id employé, n° employé
        número de empleado, nº empleado, n.º de empleado, núm. empleado, número empleado, legajo
        id empleado, id de empleado, código de empleado, clave de empleado, matricola
        numero dipendente, id dipendente, codice dipendente, matrícula, número do funcionário
        número de funcionário, número de colaborador, personeelsnummer, medewerkernummer
        numer pracownika, nr pracownika, numer kadrowy, numer ewidencyjny, id pracownika
        osobní číslo, číslo zaměstnance, osobné číslo, törzsszám, dolgozói szám
        munkavállalói azonosító, anställningsnummer, anst.nummer, medarbejdernummer
        ansattnummer, henkilönumero, sicil no, sicil numarası, personel numarası, personel no
        табельный номер, таб. №
        номер сотрудника, табельний номер, 社員番号, 従業員番号, 社員ID, 社員コード, 职工号, 工号
        员工编号, 员工号, 員工編號, 工號, 사번, 사원번호, 직원번호
    """,
    "first_name": """
        first name, given name, given names, forename, first names, legal first name
        preferred first name, Vorname, Rufname, prénom, prénoms, nombre, nombres, nombre de pila
        nome, primeiro nome, nome próprio, voornaam, imię, imiona, jméno, křestní jméno, meno
        keresztnév, utónév, förnamn, fornavn, etunimi, ad, adı, isim, имя, ім'я, 名
        名字, 이름
    """,
    "last_name": """
        last name, surname, family name, legal last name, preferred last name, second name
        Nachname, Familienname, Zuname, nom, nom de famille, apellido, apellidos, cognome
        sobrenome, apelido, último nome, achternaam, familienaam, nazwisko, příjmení, priezvisko
        vezetéknév, családnév, efternamn, etternavn, efternavn, sukunimi, soyad, soyadı, soyisim
        фамилия, прізвище, 姓, 姓氏, 苗字, 성
    """,
    "full_name": """
        full name, name, display name, employee name, employee, worker, legal name, preferred name
        common name, cn, associate name, payroll name, vollständiger Name, Anzeigename
        last name first name, first name last name, Nachname Vorname, Vorname Nachname
        Name Vorname, Vorname Name, Mitarbeiter, nom complet, nom et prénom, nom prénom
        nombre completo, nombre y apellidos, apellidos y nombre, nome completo, nome e cognome
        volledige naam, imię i nazwisko
        nazwisko i imię, jméno a příjmení, celé jméno, teljes név, név, fullständigt namn, namn
        navn, fulde navn, nimi, ad soyad, adı soyadı, фио, полное имя, піб, 氏名, 名前, 姓名, 성명
    """,
    "department": """
        department, department name, dept, home department, home department description
        org unit, organizational unit, organisational unit, organization unit, organisation
        supervisory organization, division, business unit, team, unit, group, cost center
        cost centre, Abteilung, Abt., Bereich, Organisationseinheit, Kostenstelle, service
        département, direction, departamento, área, unidad, dipartimento, reparto, ufficio, setor
        afdeling, dział, departament, oddělení, útvar, oddelenie, osztály, részleg, avdelning
        afdelning, avdeling, osasto, departman, bölüm, birim, отдел, подразделение, департамент
        відділ, підрозділ, 部署, 部門, 部门, 부서
    """,
    "location": """
        location, office, office location, site, place, city, work location, location name
        location description, work site, branch, Standort, Büro, Niederlassung, Arbeitsort, Ort
        lieu, site de travail, bureau, lieu de travail, localisation, ville, ubicación, oficina
        sede, centro de trabajo, ciudad, localidad, luogo, sede di lavoro, localização, local
        escritório, cidade, locatie, vestiging, kantoor, lokalizacja, biuro, miasto, oddział
        pracoviště, lokalita, pobočka, pracovisko, telephely, iroda, kontor, plats, ort, lokation
        toimipaikka, toimisto, lokasyon, ofis, şehir, офис, город, местоположение, локация, місто
        офіс, 勤務地, 勤務先, 拠点, 事業所, 办公地点, 工作地点, 地点, 辦公地點, 근무지
    """,
    "active": """
        active, enabled, status, employee status, employment status, worker status, position status
        account enabled, account status, is active, aktiv, Beschäftigungsstatus
        Mitarbeiterstatus, actif, statut, état, activo, estado, estatus, situación, attivo, stato
        ativo, situação, actief, aktywny, stan, stav, aktivní, állapot, státusz, status zatrudnienia
        aktywność, tila, durum, статус, состояние, активен, 在籍状況, ステータス, 状態, 在职状态
        状态, 狀態, 상태, 재직상태
    """,
}
# Titles that name a field only where no other column does.
WEAK_TITLES = {
    "email": "upn, user principal name",
    "employee_number": "user id, person id, file number, hris id, badge number, person number",
    "first_name": "preferred first name",
    "last_name": "preferred last name",
    "full_name": "display name, preferred name, common name, cn",
    "department": """
        division, business unit, team, unit, group, cost center, cost centre, service, direction
        organisation, Bereich, Kostenstelle, área, unidad
    """,
    "location": "site, place, city, branch, Ort, ville, ciudad, localidad, cidade, miasto, город",
    "active": """
        employment status, Beschäftigungsstatus, status zatrudnienia, estado, stan, stav, tila
        état, stato
    """,
}
# Alone a number or an id may be anything; they count where nothing better is there.
LAST_RESORT = {"employee_number": "number, no, id, nr, nummer, numéro, número"}
BRACKETS = re.compile(r"\[[^\]]*\]|\([^)]*\)")
# "Legal Name - First Name" and "Work Contact: Work Email".
SECTIONS = re.compile(r"\s[-–—]\s|:|/")

# "Manager - Email" is not the employee's, and "E-mail (private)" not the one for work.
OTHER_PERSON = re.compile(
    "manager|supervisor|emergency|spouse|dependent|assistant|vorgesetzt|führungskraft|notfall"
    "|responsable|supérieur|urgence|emergencia",
    re.IGNORECASE,
)
PRIVATE = re.compile("priva|personal|perso\\b|home|privé|particular", re.IGNORECASE)


def plain_title(title: str) -> str:
    """Return the title in the form in which titles are compared."""
    text = unicodedata.normalize("NFKD", BRACKETS.sub(" ", title)).casefold()
    text = text.replace("#", "number").replace("°", "o")
    return "".join(c for c in text if c.isalnum())


def field_of(title: str) -> tuple[str, int] | None:
    """Return the field that a title names and how weakly (0 is its own name), or None."""
    if OTHER_PERSON.search(title):
        return None
    found = _find(plain_title(title)) or _find(plain_title(SECTIONS.split(title)[-1]))
    return None if found and found[0] == "email" and PRIVATE.search(title) else found


def _find(plain: str) -> tuple[str, int] | None:
    if plain.endswith("nr"):
        stem = plain.removesuffix("nr")
        return _KNOWN.get(plain) or _KNOWN.get(f"{stem}nummer") or _KNOWN.get(f"{stem}number")
    return _KNOWN.get(plain)


def _parse(text: str) -> list[str]:
    return [plain_title(title) for line in text.split("\n") for title in line.split(",")]


def _index() -> dict[str, tuple[str, int]]:
    known: dict[str, tuple[str, int]] = {}
    for strength, table in ((1, TITLES), (2, WEAK_TITLES), (3, LAST_RESORT)):
        for field, text in table.items():
            known |= {title: (field, strength) for title in _parse(text) if title}
    return known | {plain_title(field): (field, 0) for field in TITLES if field != "active"}


_KNOWN = _index()
