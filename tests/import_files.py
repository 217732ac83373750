"""Small files in the layouts that were published, with something private in every column that an import must not look at."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

#: Stands in every cell that is nobody's business; no byte of it may come out.
PRIVATE = "PRIVATE"

DDP_STINT_2026 = (
    "stay_book_in_date_time,book_in_date_time,detention_facility,book_out_date_time,stay_book_out_date_time,"
    "detention_release_reason,stay_book_out_date,stay_release_reason,religion,gender,marital_status,ethnicity,birth_country,"
    "citizenship_country,entry_status,msc_charge,most_serious_conviction_code,felon,bond_posted_date,bond_posted_amount,"
    "case_status,case_category,final_order_yes_no,final_order_date,case_threat_level,final_charge,departed_date,"
    "departure_country,initial_bond_set_amount,detention_facility_code,birth_date,birth_year,book_in_criminality,race,"
    "final_program,unique_identifier,stay_ID,file_original,sheet_original,row_original,stint_ID,likely_duplicate,city,state,county"
)
ICE_WORKBOOK_2025 = (
    "Stay Book In Date Time,Book In Date Time,Detention Facility,Detention Facility Code,Detention Book Out Date Time,"
    "Stay Book Out Date Time,Detention Release Reason,Stay Book Out Date,Stay Release Reason,Religion,Gender,Marital Status,"
    "Birth Date,Birth Year,Ethnicity,Entry Status,Felon,Bond Posted Date,Bond Posted Amount,Case Status,Case Category,"
    "Final Order Yes No,Final Order Date,Case Threat Level,Book In Criminality,Final Charge,Departed Date,Departure Country,"
    "Initial Bond Set Amount,Citizenship Country,Final Program,Most Serious Conviction (MSC) Charge Code,MSC Charge,"
    "Alien File Number,EID Case ID,EID Subject ID,Unique Identifier"
)
UWCHR_2024 = (
    "stay_book_in_date_time,detention_book_in_date_and_time,detention_book_out_date_time,stay_book_out_date_time,"
    "birth_country_per,citizenship_country,race,ethnic,gender,birth_date,birth_year,entry_date,entry_status,"
    "msc_charge,detention_facility_code,detention_facility,area_of_responsibility,anonymized_identifier"
)
DDP_2023 = (
    "detention_id,case_id,subject_id,stay_book_in_date,detention_book_in_date,detention_facility,detention_facility_code,"
    "detention_book_out_date,detention_release_reason,stay_book_out_date,religion,marital,gender,birth_date,ethnicity,"
    "alien_file_number,birth_year,entry_status,departed_date,charge,anonymized_identifier"
)
VEHICLE_INSPECTION_FILE = (
    "CHANGE_DATE,INSPECTION_ID,DOT_NUMBER,REPORT_STATE,REPORT_NUMBER,INSP_DATE,INSP_START_TIME,INSP_END_TIME,"
    "REGISTRATION_DATE,REGION,CI_STATUS_CODE,LOCATION,LOCATION_DESC,COUNTY_CODE_STATE,COUNTY_CODE,INSP_LEVEL_ID,"
    "SERVICE_CENTER,INSP_FACILITY,SHIPPER_NAME,SHIPPING_PAPER_NUMBER,POST_ACC_IND,GROSS_COMB_VEH_WT,VIOL_TOTAL,OOS_TOTAL,"
    "DRIVER_VIOL_TOTAL,DRIVER_OOS_TOTAL,VEHICLE_VIOL_TOTAL,VEHICLE_OOS_TOTAL,HAZMAT_VIOL_TOTAL,HAZMAT_OOS_TOTAL,"
    "INSP_CARRIER_NAME,INSP_CARRIER_STREET"
)
SMS_INPUT_INSPECTION = (
    "Unique_ID,Report_Number,Report_State,DOT_Number,Insp_Date,Insp_level_ID,County_code_State,Time_Weight,Driver_OOS_Total,"
    "Vehicle_OOS_Total,Total_Hazmat_Sent,OOS_Total,Hazmat_OOS_Total,Hazmat_Placard_req,Unit_Type_Desc,Unit_Make,Unit_License,"
    "Unit_License_State,VIN,Unit_Decal_Number,Unsafe_Insp,Fatigued_Insp,BASIC_Viol"
)
ICE_SHEET_2025 = "STATE,LAW ENFORCEMENT AGENCY,TYPE,COUNTY,SUPPORT TYPE,SIGNED,MOA,,,"
TRACKING_287G = "capture_date,capture_file,state,agency,support,signed,link,addendum,date_only"
FACT_SHEET = "STATE,MOA NAME,TYPE,SIGNED,MOA"
STOPS_2019 = (
    "raw_row_number,date,time,location,lat,lng,county_name,subject_age,subject_race,subject_sex,officer_id_hash,type,"
    "arrest_made,citation_issued,warning_issued,outcome,contraband_found,search_conducted,vehicle_make,notes"
)
STOPS_2017 = (
    "id,state,stop_date,stop_time,location_raw,county_name,county_fips,fine_grained_location,police_department,driver_gender,"
    "driver_age_raw,driver_age,driver_race_raw,driver_race,violation_raw,violation,search_conducted,search_type,"
    "contraband_found,stop_outcome,is_arrested,officer_id"
)


def csv_file(
    path: Path, header: str, rows: Sequence[Mapping[str, object]], delimiter: str = ",", above: Sequence[str] = ()
) -> Path:
    """Write rows below a published header; cells that no row names hold something private."""
    names = header.split(",")
    lines = [[str(row.get(name, f"{PRIVATE} {name}" if name else "")) for name in names] for row in rows]
    path.write_text("\n".join([*above, *(delimiter.join(cells) for cells in [names, *lines])]) + "\n", encoding="utf-8")
    return path


def stints() -> list[tuple[datetime, datetime | None, str]]:
    """Return stints of whole minutes, with begin, end and facility; one is elsewhere, one goes on, one ends too early."""
    chance, made = random.Random(7), []
    for number in range(203):
        begin = datetime(2026, 1, 4, 8) + timedelta(days=number % 14, minutes=number)
        made.append((begin, begin + timedelta(minutes=round(60 * chance.lognormvariate(3, 0.8))), "LARAM"))
    begin = datetime(2026, 1, 5, 8)
    made += [(begin, begin + timedelta(hours=9), "OTHER"), (begin, None, "LARAM"), (begin, begin - timedelta(hours=9), "LARAM")]
    return made


STINT_LAYOUTS = {
    "2026": (DDP_STINT_2026, "book_in_date_time", "book_out_date_time", "%Y-%m-%d %H:%M:%S"),
    "2025": (ICE_WORKBOOK_2025, "Book In Date Time", "Detention Book Out Date Time", "%m/%d/%Y %I:%M %p"),
    "Washington": (UWCHR_2024, "detention_book_in_date_and_time", "detention_book_out_date_time", "%Y-%m-%dT%H:%M:%SZ"),
    "2012 to 2023": (DDP_2023, "detention_book_in_date", "detention_book_out_date", "%d%b%Y %H:%M:%S"),
}


def stints_file(path: Path, layout: str) -> Path:
    """Write the stints as one layout has them: the workbook below six lines, Washington's with strokes."""
    header, begin, end, form = STINT_LAYOUTS[layout]
    code = "Detention Facility Code" if layout == "2025" else "detention_facility_code"
    rows = [
        {begin: first.strftime(form), end: last.strftime(form) if last else "", code: where, "likely_duplicate": "FALSE"}
        for first, last, where in stints()
    ]
    above = [f"{PRIVATE} line {number}," for number in range(6)] if layout == "2025" else []
    return csv_file(path, header, rows, "|" if layout == "Washington" else ",", above)


def inspections() -> list[dict[str, object]]:
    """Return inspections in Wyoming by the names of the Vehicle Inspection File, some of them odd, and some in Nebraska."""
    usual = {"REPORT_STATE": "WY", "CI_STATUS_CODE": "C", "VEHICLE_OOS_TOTAL": 0, "DRIVER_OOS_TOTAL": 0}
    day, next_day = {"INSP_DATE": "20251118"}, {"INSP_DATE": "20251119"}
    clock = [{"INSP_START_TIME": "0920", "INSP_END_TIME": end} for end in ("0950", "1020")]
    night = {"INSP_START_TIME": "2350", "INSP_END_TIME": "10"}  # the noughts before ten past twelve are gone
    made = [
        usual | day | clock[number % 2] | {"INSP_LEVEL_ID": "1", "VEHICLE_OOS_TOTAL": 2 * (number < 30)} for number in range(100)
    ]
    made += [usual | next_day | night | {"INSP_LEVEL_ID": "3", "DRIVER_OOS_TOTAL": number < 10} for number in range(50)]
    made = [row | {"DRIVER_OOS_TOTAL": int(bool(row["DRIVER_OOS_TOTAL"]))} for row in made]
    made += [usual | next_day | clock[0] | {"INSP_LEVEL_ID": "6"}] * 3
    made += [usual | next_day | {"INSP_START_TIME": "2200", "INSP_END_TIME": "9999", "INSP_LEVEL_ID": "3"}] * 6  # 9999: unknown
    made += [usual | next_day | {"INSP_START_TIME": "2400", "INSP_END_TIME": "0020", "INSP_LEVEL_ID": "3"}] * 5  # 2400: midnight
    made += [usual | next_day | clock[0] | {"INSP_LEVEL_ID": "99"}] * 7
    return [*made, *[usual | day | clock[0] | {"REPORT_STATE": "NE", "INSP_LEVEL_ID": "1", "VEHICLE_OOS_TOTAL": 1}] * 40]


def sms_rows() -> list[dict[str, object]]:
    """Return the same inspections as the SMS's input has them: without times, days as 18-NOV-25."""
    names = {
        "REPORT_STATE": "Report_State", "INSP_LEVEL_ID": "Insp_level_ID",
        "VEHICLE_OOS_TOTAL": "Vehicle_OOS_Total", "DRIVER_OOS_TOTAL": "Driver_OOS_Total",
    }  # fmt: skip
    days = {"20251118": "18-NOV-25", "20251119": "19-NOV-25"}
    return [{names[name]: row[name] for name in names} | {"Insp_Date": days[str(row["INSP_DATE"])]} for row in inspections()]


def agreements() -> list[tuple[date, str]]:
    """Return days of signature with the model as ICE's sheet of 2025 prints it."""
    models = ["Task Force Model"] * 12 + ["Jail Enforcement Model"] * 6 + ["Warrant Service Officer"] * 4
    return [(date(2025, number % 12 + 1, 15), model) for number, model in enumerate(models)]


def stops() -> list[dict[str, object]]:
    """Return vehicular stops by the names of 2019: 300 by day and hour, two arrests in an hour of their own."""
    ends = ({"outcome": "citation"}, {"outcome": "warning"}, {"outcome": "warning"})
    made: list[dict[str, object]] = [
        {"date": f"2018-03-{number % 28 + 1:02d}", "time": f"{number % 6 + 8:02d}:10:00", **ends[number % 3]}
        for number in range(300)
    ]
    made += [{"date": "2018-03-01", "time": "23:00:00", "outcome": "arrest"}] * 2
    flags = {"arrest": "arrest_made", "citation": "citation_issued", "warning": "warning_issued"}
    usual = {"county_name": "Laramie County", "type": "vehicular"} | dict.fromkeys(flags.values(), "FALSE")
    return [usual | row | {flags[str(row["outcome"])]: "TRUE"} for row in made]


def stops_of_2017() -> list[dict[str, object]]:
    """Return the same stops as the release of 2017 has them."""
    return [
        {
            "stop_date": row["date"], "stop_time": str(row["time"])[:5], "county_name": row["county_name"],
            "stop_outcome": str(row["outcome"]).capitalize().replace("Warning", "Written Warning"),
            "is_arrested": "True" if row["arrest_made"] == "TRUE" else "False",
        }
        for row in stops()
    ]  # fmt: skip
