"""What need turns into: services, activity, unit costs, funding, staff, beds and waits.

`services` holds what each service is, for one draw of the parameters; `rates` what a person of each
age, sex, deprivation quintile and segment uses of it; the other modules turn the activity that an
outlook gives into money, staff, beds and waits. Everything here is a pure function of its inputs:
no files, no state and no simulation.
"""
